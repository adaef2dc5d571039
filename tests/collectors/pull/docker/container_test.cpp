#include "collectors/pull/docker/container.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "tests/collectors/recording_emit.hpp"

using namespace scops;
using namespace scops::docker;
using scops::test::RecordingEmit;

namespace {

ContainerList list_of(std::string_view text, const ListChoice& choice = {}) {
  JsonReader json;
  json.start(text);
  ContainerList list;
  REQUIRE(parse_list(json, json.next(), choice, list));
  return list;
}

Container first_of(std::string_view text, const ListChoice& choice = {}) {
  const ContainerList list = list_of(text, choice);
  REQUIRE(list.containers.size() == 1);
  return list.containers[0];
}

std::string tags_of(const Container& container) {
  std::string text;
  for (const TextTag& tag : container.tags) text += tag.key + "=" + tag.value + " ";
  return text;
}

RecordingEmit inspected(std::string_view text) {
  JsonReader json;
  json.start(text);
  Inspection inspection;
  REQUIRE(parse_inspection(json, json.next(), inspection));
  RecordingEmit emit;
  emit_inspection(inspection, all_groups(), {}, emit);
  return emit;
}

}  // namespace

TEST_CASE("docker list: a name is without its slash, and not that of a link") {
  CHECK(first_of(R"([{"Id":"a1","Names":["/other/alias","/web"]}])").name == "web");
  CHECK(first_of(R"([{"Id":"a1","Names":["/web","/other/alias"]}])").name == "web");
  CHECK(first_of(R"([{"Id":"0123456789abcdef","Names":null}])").name == "0123456789ab");
}

TEST_CASE("docker list: entries without a usable id are skipped, whatever else is odd is not") {
  const ContainerList list = list_of(R"([null,5,[],{"Names":["/x"]},{"Id":"../../secrets"},{"Id":7},
      {"Id":"ok","Created":"1739811096","SizeRw":"x","Labels":null,"NetworkSettings":null,"State":"running"}])");
  REQUIRE(list.containers.size() == 1);
  CHECK(list.containers[0].id == "ok");
}

TEST_CASE("docker list: states of any age of the API are told") {
  const auto [entry, state] = GENERATE(table<std::string, std::string>({
      {R"("State":"running")", "running"},
      {R"("State":"Exited")", "exited"},
      {R"("Status":"Up 4 hours")", "running"},
      {R"j("Status":"Up 4 hours (Paused)")j", "paused"},
      {R"("Status":"Exit 0")", "exited"},
      {R"("Status":"Exited (1) 3 seconds ago")", "exited"},
      {R"("Status":"Restarting (1) 3 seconds ago")", "restarting"},
      {R"("Status":"Removal In Progress")", "removing"},
      {R"("Status":"")", ""},
  }));
  CHECK(first_of(R"([{"Id":"a",)" + entry + "}]").state == state);
}

TEST_CASE("docker list: what a stopped container ended with is in its words") {
  CHECK(first_of(R"([{"Id":"a","Status":"Exited (137) 2 seconds ago"}])").exit_code == 137);
  CHECK(first_of(R"([{"Id":"a","Status":"Exit 0"}])").exit_code == 0);
  CHECK_FALSE(first_of(R"([{"Id":"a","Status":"Up 2 seconds"}])").exit_code);
}

TEST_CASE("docker list: health is in words, or in a member of its own") {
  CHECK(first_of(R"j([{"Id":"a","Status":"Up 1 second (healthy)"}])j").health == "healthy");
  CHECK(first_of(R"j([{"Id":"a","Status":"Up 1 second (unhealthy)"}])j").health == "unhealthy");
  CHECK(first_of(R"([{"Id":"a","Health":{"Status":"healthy","FailingStreak":0}}])").health == "healthy");
}

TEST_CASE("docker list: tags are what the options choose") {
  const TextList globs{"com.example.*"};
  const std::string text = R"([{"Id":"a","Names":["/web"],"Image":"nginx:1","Labels":{
      "com.docker.compose.project":"shop","com.docker.compose.service":"front",
      "com.example.role":"edge","com.example.empty":"","maintainer":"me"}}])";
  CHECK(tags_of(first_of(text)) == "container=web ");
  CHECK(tags_of(first_of(text, {.tags = {.image = true, .compose = true, .labels = &globs}})) ==
        "container=web com.example.role=edge image=nginx:1 compose_project=shop compose_service=front ");
}

TEST_CASE("docker list: labels become tags up to 2048 bytes, so that their series fit a block") {
  const TextList globs{"*"};
  std::string labels = "\"" + std::string(3000, 'k') + R"(":"v")";
  for (char c = 'a'; c < 'p'; ++c)
    labels += ",\"" + std::string(99, c) + "\":\"" + std::string(100, c) + "\"";
  const Container container = first_of(R"([{"Id":"a","Names":["/web"],"Labels":{)" + labels + "}}]",
                                       {.tags = {.image = true, .compose = true, .labels = &globs}});
  REQUIRE(container.tags.size() == 11);
  CHECK(container.tags[0].key == "container");
  CHECK(container.tags[10].key == std::string(99, 'j'));
}

TEST_CASE("docker list: names decide who is looked at, and a number how many") {
  const TextList only{"web*"};
  const TextList without{"*-2"};
  const std::string text = R"([{"Id":"a","Names":["/web-1"],"State":"running"},{"Id":"b","Names":["/web-2"]},
                               {"Id":"c","Names":["/db"]},{"Id":"d","Names":["/web-3"],"State":"running"}])";
  const ContainerList list =
      list_of(text, {.tags = {}, .names = {.include = only, .exclude = without}, .containers_max = 1});
  REQUIRE(list.containers.size() == 1);
  CHECK(list.containers[0].name == "web-1");
  CHECK(list.left_out == 1);
  CHECK(list.states.at("running") == 2);
}

TEST_CASE("docker list: containers that have ended do not keep out one that runs") {
  const ContainerList list = list_of(R"([{"Id":"a","Names":["/new"],"State":"exited"},
                                         {"Id":"b","Names":["/old"],"State":"running"}])",
                                     {.tags = {}, .names = {}, .containers_max = 1});
  REQUIRE(list.containers.size() == 1);
  CHECK(list.containers[0].name == "old");
  CHECK(list.left_out == 1);
}

TEST_CASE("docker list: usual states are counted also where none is in them, unknown ones where some are") {
  RecordingEmit emit;
  emit_states(list_of(R"([{"Id":"a","State":"running"},{"Id":"b","State":"stopping"}])"), emit);
  CHECK(emit.value("docker.containers state:running") == 1);
  CHECK(emit.value("docker.containers state:exited") == 0);
  CHECK(emit.value("docker.containers state:stopping") == 1);
  CHECK(emit.lines.size() == 8);
}

TEST_CASE("docker list: what is no list is refused") {
  JsonReader json;
  const std::string text = GENERATE("{}", "[", "[{]", "7", "", "[{\"Id\":\"a\"}");
  json.start(text);
  ContainerList list;
  CHECK_FALSE(parse_list(json, json.next(), {}, list));
}

TEST_CASE("docker inspection: a running container has health and restarts, no exit code") {
  const RecordingEmit emit =
      inspected(R"({"Name":"/web","RestartCount":3,"State":{"Status":"running","ExitCode":0,
      "OOMKilled":false,"Health":{"Status":"unhealthy","FailingStreak":4,"Log":[{"ExitCode":1}]}}})");
  CHECK(emit.value("docker.restarts") == 3);
  CHECK(emit.value("docker.health") == 0);
  CHECK(emit.value("docker.oom_killed") == 0);
  CHECK(emit.lines.size() == 3);
}

TEST_CASE("docker inspection: one that ended has an exit code, and no health any more") {
  const RecordingEmit emit = inspected(R"({"RestartCount":0,"State":{"Status":"exited","ExitCode":137,
      "OOMKilled":true,"Health":{"Status":"unhealthy"}}})");
  CHECK(emit.value("docker.exit_code") == 137);
  CHECK(emit.value("docker.oom_killed") == 1);
  CHECK_FALSE(emit.value("docker.health"));
}

TEST_CASE("docker inspection: a check that has not come to a result yet is neither") {
  CHECK(inspected(R"({"State":{"Status":"running","Health":{"Status":"starting"}}})").lines.empty());
  CHECK(inspected(R"({"State":{"Status":"running","Health":null}})").lines.empty());
}

TEST_CASE("docker images: each that has a name has a size") {
  RecordingEmit emit;
  JsonReader json;
  json.start(R"([{"RepoTags":["bb:1","bb:2"],"Size":5},{"RepoTags":["<none>:<none>"],"Size":6},
                 {"RepoTags":null,"Size":7},{"RepoTags":["x:1"]},{"RepoTags":["y:1"],"Size":0}])");
  REQUIRE(emit_images(json, json.next(), 10, emit));
  CHECK(emit.lines ==
        std::vector<std::string>{"docker.image.size image:bb:1 = 5", "docker.image.size image:y:1 = 0"});
}
