# Sourced by tests/run and tests/in-vm: run something and leave its results where tests/tally.py finds them.

# results_of FOLDER NAME COMMAND...: output to FOLDER/NAME.out, exit status to FOLDER/NAME.status
results_of() {
  local folder=$1 name=$2 status=0
  shift 2
  mkdir -p "$folder"
  "$@" > "$folder/$name.out" 2>&1 < /dev/null || status=$?
  echo "$status" > "$folder/$name.status"
}

# ctest_of FOLDER NAME BUILD ARGUMENT...: ctest over a build folder, with a JUnit file besides
ctest_of() {
  local folder=$1 name=$2 build=$3
  shift 3
  results_of "$folder" "$name" ctest --test-dir "$build" --no-tests=error --output-on-failure -j2 \
    --output-junit "$(realpath -m "$folder")/$name.xml" "$@"
}

# gtest_of FOLDER NAME SECONDS PROGRAM ARGUMENT...: all tests of a program in one process, where starting one takes long
gtest_of() {
  local folder=$1 name=$2 seconds=$3
  shift 3
  results_of "$folder" "$name" timeout "$seconds" "$@" --gtest_output="xml:$(realpath -m "$folder")/$name.xml"
}
