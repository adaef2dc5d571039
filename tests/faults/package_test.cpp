// The packages and the image that ./dev package has made, in the folder that SCOPS_PACKAGES names: installed,
// started, upgraded, removed and purged under a real systemd; loaded into a real engine.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/io/files.hpp"
#include "core/io/json.hpp"
#include "core/model/text.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/booted_root.hpp"
#include "tests/support/container_engine.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/not_tested.hpp"
#include "tests/support/shell.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

// The file of that ending; empty, and said, where ./dev package was not run before.
std::string packaged(std::string_view ending) {
  const char* const folder = std::getenv("SCOPS_PACKAGES");
  std::error_code error;
  if (folder != nullptr) {
    for (const auto& file : fs::directory_iterator(folder, error)) {
      if (file.path().string().ends_with(ending)) return file.path();
    }
    FAIL("no file of " << ending << " in " << folder << ": run ./dev package");
  }
  left_out("./dev faults makes packages, .ci/static the image, and both test them");
  return "";
}

std::string said(const BootedRoot& root, const std::string& command) {
  return std::string(trim(root.run(command)));
}

bool delivers(const HttpSink& sink) {
  const std::size_t before = sink.requests().size();
  return eventually([&] { return sink.requests().size() > before + 1; });
}

// As in an unattended upgrade: nobody is there to answer a question.
std::string install(const std::string& name) {
  return fmt::format(
      "DEBIAN_FRONTEND=noninteractive dpkg --install /srv/{}.deb </dev/null >/dev/null && echo done", name);
}

// The package as a later release would be: a higher version, and an option more.
std::string later(const std::string& package, const TempDir& folder) {
  std::string next = folder / "next.deb";
  const std::string made = output_of(
      fmt::format("set -e; dpkg-deb --raw-extract '{0}' '{1}'; sed -i 's/^Version: .*/Version: 99/' "
                  "'{1}/DEBIAN/control'; echo '#SCOPS_NEW=1' >>'{1}/usr/share/doc/scops/scops.env.example'; "
                  "dpkg-deb --root-owner-group --build '{1}' '{2}'",
                  package, folder / "tree", next));
  INFO(made);
  REQUIRE(fs::exists(next));
  return next;
}

}  // namespace

TEST_CASE("the package is installed, started, upgraded, removed, and a purge leaves nothing", "[package]") {
  const std::string package = packaged("_amd64.deb");
  if (package.empty()) return;
  HttpSink sink;
  const TempDir folder;
  BootedRoot root({{package, "/srv/scops.deb"}, {later(package, folder), "/srv/next.deb"}});
  if (!root.ready()) return;
  REQUIRE_THAT(root.run(install("scops")), Contains("done"));
  CHECK(said(root, "systemctl is-enabled scops; systemctl is-active scops") == "enabled\nactive");
  CHECK(said(root, "stat -c '%U %a' /etc/scops/scops.env") == "root 600");
  CHECK(eventually([&] { return root.run("scops status").find("ready\n") != std::string::npos; }));
  CHECK(said(root, "ldd /usr/bin/scops 2>&1") == "statically linked");

  const std::string settings = fmt::format(
      "API_KEY=0123456789abcdef\nDATADOG_URL={}\nCAPTURE_INTERVAL=1\nAGGREGATE_INTERVAL=1\nRELEASE_INTERVAL="
      "1\n",
      sink.url());
  root.write("/etc/scops/scops.env", settings);
  CHECK(root.run("systemctl restart scops").empty());
  CHECK(delivers(sink));

  // An upgrade to a release with one option more: the settings stay, another process goes on.
  const std::string before = said(root, "systemctl show --value -p MainPID scops");
  REQUIRE_THAT(root.run(install("next")), Contains("done"));
  CHECK(said(root, "systemctl show --value -p MainPID scops") != before);
  CHECK_THAT(root.run("cat /etc/scops/scops.env"), Contains(settings));
  CHECK_THAT(root.run("tail -n 1 /usr/share/doc/scops/scops.env.example"), Contains("SCOPS_NEW"));
  CHECK(delivers(sink));

  // Who has disabled it does not get it back by an upgrade.
  (void)root.run("systemctl disable --now scops");
  REQUIRE_THAT(root.run(install("next")), Contains("done"));
  CHECK(said(root, "systemctl is-enabled scops; systemctl is-active scops") == "disabled\ninactive");
  (void)root.run("systemctl enable --now scops");

  const std::string files = "$(dpkg -L scops | while read f; do [ -d $f ] || echo $f; done)";
  const std::string installed = said(root, "echo " + files);
  CHECK_THAT(installed, Contains("/usr/share/man/man1/scops.1.gz") && Contains("/completions/scops") &&
                            Contains("/usr/share/doc/scops/copyright"));
  CHECK_THAT(root.run("dpkg --remove scops >/dev/null && echo done"), Contains("done"));
  CHECK(said(root, "systemctl is-active scops") == "inactive");
  CHECK_THAT(root.run("ls /etc/scops /var/lib/private/scops"),
             Contains("scops.env") && Contains("buffer.db"));
  CHECK_THAT(root.run("dpkg --purge scops >/dev/null && echo done"), Contains("done"));
  CHECK(said(root, "ls -d /etc/scops /var/lib/scops /var/lib/private/scops " + installed + " 2>/dev/null")
            .empty());
  CHECK(said(root,
             "find / -xdev -name '*scops*' -not -path '/proc/*' -not -path '/srv/*' -not -path '/var/log/*'")
            .empty());
  record_fault(
      {.area = "Packages",
       .promise = "a package installs, upgrades and goes without a trace",
       .fault = "dpkg under a real systemd: install, settings, upgrade, disabled and upgraded, remove, purge",
       .tried = 1,
       .outcome = "started by itself, delivers, keeps the settings, purge leaves no file"});
}

TEST_CASE("the package runs on older and newer releases of Debian", "[package]") {
  if (only_in_faults("it boots systems, which needs a mirror of Debian the first time")) return;
  const std::string package = packaged("_amd64.deb");
  if (package.empty()) return;
  for (const std::string suite : {"bullseye", "trixie"}) {
    HttpSink sink;
    BootedRoot root({{package, "/srv/scops.deb"}}, suite);
    if (!root.ready()) continue;
    INFO(suite << ": " << root.run("systemctl --version | head -n 1; ldd --version | head -n 1"));
    CHECK_THAT(root.run(install("scops")), Contains("done"));
    root.write("/etc/scops/scops.env",
               fmt::format("API_KEY=0123456789abcdef\nDATADOG_URL={}\nCAPTURE_INTERVAL=1\n"
                           "AGGREGATE_INTERVAL=1\nRELEASE_INTERVAL=1\n",
                           sink.url()));
    CHECK(root.run("systemctl restart scops").empty());
    CHECK(delivers(sink));
    CHECK_THAT(root.run("journalctl --unit scops"), Contains("buffer=embedded"));
    CHECK_THAT(root.run("dpkg --purge scops >/dev/null && echo done"), Contains("done"));
    record_fault({.area = "Packages",
                  .promise = "one package is for all releases of Debian",
                  .fault = "installed under the systemd of " + suite,
                  .tried = 1,
                  .outcome = "started by itself, delivers, goes"});
  }
}

TEST_CASE("the image that was made runs as it is", "[package]") {
  const std::string image = packaged("scops-image-amd64.tar");
  if (image.empty()) return;
  ContainerEngine engine(ContainerEngine::Kind::dockerd);
  if (!engine.ready()) return;
  CHECK(fs::file_size(image) < 12'000'000);
  engine.post("/images/load", read_file(image, 64U << 20U).value_or(""), "application/x-tar");
  engine.post(
      "/containers/create?name=owl",
      R"({"Image":"scops","Env":["CAPTURE_INTERVAL=1","AGGREGATE_INTERVAL=1"],"HostConfig":{)"
      R"("ReadonlyRootfs":true,"CapDrop":["ALL"],"NetworkMode":"none","SecurityOpt":["no-new-privileges"]}})");
  engine.post("/containers/owl/start");
  CHECK_THAT(engine.get("/images/scops:amd64/json"), Contains(R"(["CMD","/usr/bin/scops","status"])"));
  const auto log = [&] { return engine.get("/containers/owl/logs?stdout=1&stderr=1"); };
  CHECK(eventually([&] { return log().find("Chouette.host.memory.used") != std::string::npos; }));
  engine.post("/containers/owl/stop?t=10");
  const auto ended = JsonDoc::parse(engine.post("/containers/owl/wait"));
  REQUIRE(ended);
  CHECK(ended->root()["StatusCode"].number() == 0);
  // Its volume is a folder of user 65532's.
  CHECK_THAT(log(), Contains("buffer=embedded") && Contains("event=stopped"));
  // ISRG Root X1 by its hash, in a tar: what OpenSSL asks for, instead of reading all.
  CHECK_THAT(engine.get("/containers/owl/archive?path=/etc/ssl/certs/4042bcee.0"),
             Contains("BEGIN CERTIFICATE"));
  record_fault({.area = "Packages",
                .promise = "the image needs no right and nothing to be set",
                .fault = "loaded into a real engine, run with a read-only root, without capabilities",
                .tried = 1,
                .outcome = fmt::format("{:.1f} MB; collects, buffers in its volume, stops",
                                       static_cast<double>(fs::file_size(image)) / 1e6)});
}

}  // namespace scops::test
