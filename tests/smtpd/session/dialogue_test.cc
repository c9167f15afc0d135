// Runs every tests/smtp/*.smtp in memory. What such a file may hold is described in tests/smtp/README.md.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "engine/base/text.h"
#include "smtpd/session/client_rates.h"
#include "tests/smtpd/session/session_house.h"
#include "tests/support/script_wire.h"
#include "tests/support/test_certificate.h"

namespace headgate::session {
namespace {

using testing_support::ScriptWire;

std::vector<std::string> dialogue_files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(HEADGATE_DIALOGUES)) {
    if (entry.path().extension() == ".smtp") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// What a dialogue says besides its steps.
struct Setting {
  std::string main_cf, table;
  Peer peer;
  bool stressed = false, full_disk = false;
  std::vector<std::string> logged, not_logged, stored, not_stored;
  std::optional<std::size_t> messages;
};

bool take(std::string_view line, std::string_view key, std::string& value) {
  if (!line.starts_with(key)) return false;
  value = std::string(text::trim(line.substr(key.size())));
  return true;
}

Setting read_setting(const std::vector<std::string>& lines) {
  Setting setting;
  setting.peer.name = "client.example";
  setting.peer.address = "192.0.2.7";
  for (const std::string& line : lines) {
    std::string value;
    if (take(line, "set ", value))
      setting.main_cf += value + "\n";
    else if (take(line, "table ", value))
      setting.table += value + "\n";
    else if (take(line, "client ", value))
      setting.peer.address = value;
    else if (line == "stressed")
      setting.stressed = true;
    else if (line == "disk full")
      setting.full_disk = true;
    else if (take(line, "log ", value))
      setting.logged.push_back(value);
    else if (take(line, "no log ", value))
      setting.not_logged.push_back(value);
    else if (take(line, "stored ", value))
      setting.stored.push_back(value);
    else if (take(line, "not stored ", value))
      setting.not_stored.push_back(value);
    else if (take(line, "messages ", value))
      setting.messages = std::stoul(value);
    else
      ADD_FAILURE() << "what is this line? " << line;
  }
  return setting;
}

Task<void> run_dialogue(SessionHouse& house, Dialogue& dialogue, StateSource& states) {
  const CountedClient counted(dialogue);
  co_await converse(dialogue, states);
  dialogue.wire.close();
  dialogue.session.log(house.log, Level::info, dialogue.session.disconnect_text());
}

class DialogueTest : public testing::TestWithParam<std::string> {};

TEST_P(DialogueTest, Holds) {
  std::ifstream file(GetParam());
  std::stringstream text;
  text << file.rdbuf();
  std::vector<std::string> other;
  ScriptWire wire(testing_support::parse_script(text.str(), &other));
  const Setting setting = read_setting(other);

  SessionHouse house;
  house.write("table", setting.table);
  static const std::string chain = testing_support::test_certificate("mx.here.example").chain();
  house.write("chain.pem", chain);
  ASSERT_TRUE(house.configure(setting.main_cf));
  if (setting.full_disk)
    house.spool.create_error = Error{Code::unavailable, "No space left on device", "incoming"};
  FakeStates states(setting.stressed ? house.stressed : house.calm);
  Session session(7, "2525", setting.peer, states.state);
  Dialogue dialogue(wire, session, house.services());
  aio::io_context io;
  aio::co_spawn(io, run_dialogue(house, dialogue, states),
                [](std::exception_ptr e) { EXPECT_FALSE(e); });
  io.run();
  wire.finish();

  for (const std::string& failure : wire.failures()) ADD_FAILURE() << GetParam() << " " << failure;
  std::string log, stored;
  for (const std::string& line : house.log.lines()) log += line + "\n";
  for (const auto& message : house.spool.messages) {
    stored += "sender <" + message.envelope.sender + ">\n";
    for (const auto& recipient : message.envelope.recipients)
      stored += "recipient <" + recipient.address + ">\n";
    if (message.state == queue::State::hold) stored += "held\n";
    stored += message.content;
  }
  for (const auto& part : setting.logged)
    EXPECT_NE(log.find(part), std::string::npos) << part << "\nin the log:\n" << log;
  for (const auto& part : setting.not_logged) EXPECT_EQ(log.find(part), std::string::npos) << part;
  for (const auto& part : setting.stored)
    EXPECT_NE(stored.find(part), std::string::npos) << part << "\nin\n" << stored;
  for (const auto& part : setting.not_stored)
    EXPECT_EQ(stored.find(part), std::string::npos) << part;
  EXPECT_EQ(house.spool.messages.size(), setting.messages.value_or(house.spool.messages.size()));
  EXPECT_EQ(house.spool.open_writers, 0) << "a queue file was left open";
}

INSTANTIATE_TEST_SUITE_P(Smtp, DialogueTest, testing::ValuesIn(dialogue_files()),
                         [](const auto& dialogue) {
                           return std::filesystem::path(dialogue.param).stem().string();
                         });

}  // namespace
}  // namespace headgate::session
