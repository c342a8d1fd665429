// Our schema against the one that the package openvswitch-vtep has, and against the server's own tool.
#include "netlinkd/hwvtep/schema.hpp"

#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "ovsdb-client/wire/json.hpp"

namespace kvtep::hwvtep {
namespace {

using ovsdb::Json;

Json read_json(const std::string& path) {
  std::ifstream file(path);
  return Json::parse(file);
}

// The long form of each type: what RFC 7047 section 3.2 says where something is left out is written out.
Json normal_base(const Json& base) {
  Json normal = base.is_string() ? Json{{"type", base}} : base;
  if (normal.contains("refTable") && !normal.contains("refType")) normal["refType"] = "strong";
  if (normal.contains("enum")) {
    auto words = normal["enum"].is_array() ? normal["enum"][1] : Json::array({normal["enum"]});
    std::sort(words.begin(), words.end());
    normal["enum"] = words;
  }
  return normal;
}

Json normal_type(const Json& type) {
  const bool is_atom = type.is_string();
  Json normal{{"key", normal_base(is_atom ? type : type["key"])}};
  if (!is_atom && type.contains("value")) normal["value"] = normal_base(type["value"]);
  normal["min"] = is_atom ? Json(1) : type.value("min", Json(1));
  normal["max"] = is_atom ? Json(1) : type.value("max", Json(1));
  return normal;
}

Json normal_column(const Json& column) {
  return {{"type", normal_type(column["type"])},
          {"ephemeral", column.value("ephemeral", false)},
          {"mutable", column.value("mutable", true)}};
}

std::vector<std::string> names(const Json& object) {
  std::vector<std::string> names;
  for (const auto& item : object.items()) names.push_back(item.key());
  return names;
}

// An empty folder that goes away with the test.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "kvtep-schema-XXXXXX").string();
    if (mkdtemp(name.data())) path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// Runs the program and returns its exit status; -1 where it could not be run.
int run(const char* program, std::vector<std::string> arguments) {
  std::vector<char*> argv{const_cast<char*>(program)};
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  if (posix_spawn(&child, program, nullptr, nullptr, argv.data(), environ) != 0) return -1;
  int status = 0;
  if (waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Schema, HasTheNameTheVersionAndTheTablesOfThePublishedOne) {
  const auto ours = Json::parse(schema());
  const auto published = read_json(KVTEP_PUBLISHED_SCHEMA);
  EXPECT_EQ(ours["name"], published["name"]);
  EXPECT_EQ(ours["version"], "1.7.0");
  EXPECT_EQ(ours["version"], published["version"]);
  EXPECT_EQ(names(ours["tables"]), names(published["tables"]));
}

TEST(Schema, EqualsThePublishedOneColumnByColumn) {
  const auto ours = Json::parse(schema())["tables"];
  const auto published = read_json(KVTEP_PUBLISHED_SCHEMA)["tables"];
  std::size_t compared = 0;
  for (const auto& [name, table] : published.items()) {
    ASSERT_TRUE(ours.contains(name)) << name;
    const auto& our_table = ours[name];
    EXPECT_EQ(our_table.value("isRoot", false), table.value("isRoot", false)) << name;
    EXPECT_EQ(our_table.value("maxRows", Json()), table.value("maxRows", Json())) << name;
    EXPECT_EQ(our_table.value("indexes", Json::array()), table.value("indexes", Json::array())) << name;
    EXPECT_EQ(names(our_table["columns"]), names(table["columns"])) << name;
    for (const auto& [column_name, column] : table["columns"].items()) {
      ASSERT_TRUE(our_table["columns"].contains(column_name)) << name << '.' << column_name;
      EXPECT_EQ(normal_column(our_table["columns"][column_name]), normal_column(column))
          << name << '.' << column_name;
      ++compared;
    }
  }
  EXPECT_GT(compared, 80u);
}

TEST(Schema, IsAcceptedByOvsdbTool) {
  const Folder folder;
  const auto file = folder / "kvtep.ovsschema";
  const auto database = folder / "kvtep.db";
  std::ofstream(file) << schema();
  EXPECT_EQ(run(KVTEP_OVSDB_TOOL, {"create", database.string(), file.string()}), 0);
  EXPECT_TRUE(std::filesystem::exists(database));
}

}  // namespace
}  // namespace kvtep::hwvtep
