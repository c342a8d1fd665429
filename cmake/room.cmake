# One CMake target a room.
#
#   kvtep_room(NAME SOURCES file... LINKS target... [DIR folder])
#
# makes the static library `kvtep-NAME`. Headers are included by their path from the top of the tree, so that
# every include names the room it enters; tests/rooms.py holds those includes to the list of who may see whom.

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

# -Wextra's missing-field-initializers speaks against designated initializers that leave defaults alone: our style.
add_library(kvtep-options INTERFACE)
target_include_directories(kvtep-options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(kvtep-options INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
  -Wno-missing-field-initializers)
if(KVTEP_WERROR)
  target_compile_options(kvtep-options INTERFACE -Werror)
endif()
if(KVTEP_SANITIZE STREQUAL "thread")
  # Asio's fences around handlers, which TSan does not see: its queues are locked besides.
  target_compile_options(kvtep-options INTERFACE -Wno-tsan)
endif()
if(KVTEP_SANITIZE)
  # g++ 12 sees uninitialized values in std::optional where there are none, once the sanitizers' checks are in.
  target_compile_options(kvtep-options INTERFACE
    -fsanitize=${KVTEP_SANITIZE} -fno-omit-frame-pointer -Wno-maybe-uninitialized)
  target_link_options(kvtep-options INTERFACE -fsanitize=${KVTEP_SANITIZE})
endif()

function(kvtep_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LINKS" ${ARGN})
  add_library(kvtep-${name} STATIC ${ROOM_SOURCES})
  target_link_libraries(kvtep-${name} PUBLIC kvtep-options ${ROOM_LINKS})
endfunction()
