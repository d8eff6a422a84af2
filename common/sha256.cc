// SPDX-License-Identifier: Apache-2.0
#include "common/sha256.h"

#include <openssl/evp.h>

#include <cstdlib>

namespace teiten {

Sha256Digest Sha256(std::string_view data) {
  Sha256Digest digest;
  unsigned int size = 0;
  // Fails only where OpenSSL cannot allocate or has no SHA-256: nothing of ours works then.
  if (EVP_Digest(data.data(), data.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1 ||
      size != digest.size()) {
    std::abort();
  }
  return digest;
}

std::string Sha256Bytes(std::string_view data) {
  const Sha256Digest digest = Sha256(data);
  return std::string(digest.begin(), digest.end());
}

}  // namespace teiten
