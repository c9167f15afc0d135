// The expected lines are Postfix 3.7.11's own.
#include "smtpd/session/tls_text.h"

#include <gtest/gtest.h>

namespace headgate::session {
namespace {

net::TlsInfo tls13() {
  net::TlsInfo tls;
  tls.protocol = "TLSv1.3";
  tls.cipher = "TLS_AES_256_GCM_SHA384";
  tls.cipher_bits = tls.algorithm_bits = 256;
  tls.key_exchange = "X25519";
  tls.server_signature = "RSA-PSS (2048 bits)";
  tls.server_digest = "SHA256";
  return tls;
}

net::TlsInfo with_client_certificate() {
  net::TlsInfo tls = tls13();
  tls.peer = net::TlsInfo::Peer::untrusted;
  tls.client_signature = "ECDSA (prime256v1)";
  tls.client_digest = "SHA256";
  tls.peer_name = tls.issuer_name = "client.example";
  tls.fingerprint = "AB:CD";
  tls.public_key_fingerprint = "EF:01";
  return tls;
}

net::TlsInfo tls12() {
  net::TlsInfo tls;
  tls.protocol = "TLSv1.2";
  tls.cipher = "DHE-RSA-AES128-SHA";
  tls.cipher_bits = tls.algorithm_bits = 128;
  return tls;
}

constexpr std::string_view kClient = "localhost[127.0.0.1]";

TEST(TlsText, TheSummaryIsPostfixs) {
  EXPECT_EQ(tls_summary(tls13(), kClient),
            "Anonymous TLS connection established from localhost[127.0.0.1]: TLSv1.3 with cipher "
            "TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature RSA-PSS "
            "(2048 bits) server-digest SHA256");
  EXPECT_EQ(tls_summary(with_client_certificate(), kClient),
            "Untrusted TLS connection established from localhost[127.0.0.1]: TLSv1.3 with cipher "
            "TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature RSA-PSS "
            "(2048 bits) server-digest SHA256 client-signature ECDSA (prime256v1) client-digest "
            "SHA256");
  EXPECT_EQ(tls_summary(tls12(), kClient),
            "Anonymous TLS connection established from localhost[127.0.0.1]: TLSv1.2 with cipher "
            "DHE-RSA-AES128-SHA (128/128 bits)");
  net::TlsInfo named = tls12();
  named.server_name = "two.example";
  named.peer = net::TlsInfo::Peer::trusted;
  EXPECT_EQ(tls_summary(named, kClient).substr(0, 75),
            "Trusted TLS connection established from localhost[127.0.0.1] to two.example");
}

using Lines = std::vector<std::string>;

TEST(TlsText, TheReceivedLinesArePostfixs) {
  EXPECT_EQ(
      tls_received_lines(tls13(), false),
      (Lines{"\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)",
             "\t key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)",
             "\t(No client certificate requested)"}));
  EXPECT_EQ(tls_received_lines(tls12(), true),
            (Lines{"\t(using TLSv1.2 with cipher DHE-RSA-AES128-SHA (128/128 bits))",
                   "\t(Client did not present a certificate)"}));
  EXPECT_EQ(
      tls_received_lines(with_client_certificate(), true),
      (Lines{"\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)",
             "\t key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256",
             "\t client-signature ECDSA (prime256v1) client-digest SHA256)",
             "\t(Client CN \"client.example\", Issuer \"client.example\" (not verified))"}));
}

TEST(TlsText, ACertificateCannotForgeLines) {
  net::TlsInfo tls = with_client_certificate();
  tls.peer_name = "x\")\n\tby evil\r\n";
  tls.issuer_name = std::string("a\0b", 3);
  const Lines lines = tls_received_lines(tls, true);
  EXPECT_EQ(lines.back(), "\t(Client CN \"x\")??by evil??\", Issuer \"a?b\" (not verified))");
  EXPECT_EQ(tls_peer_line(tls, kClient),
            "localhost[127.0.0.1]: subject_CN=x\")??by evil??, issuer=a?b, fingerprint=AB:CD, "
            "pkey_fingerprint=EF:01");
}

}  // namespace
}  // namespace headgate::session
