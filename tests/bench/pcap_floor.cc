// SPDX-License-Identifier: Apache-2.0
// The floor of every libpcap peer: pcap_next_ex over a file, lengths summed. Prints packets and
// bytes, which the sensor's own counts must equal.
#include <pcap/pcap.h>

#include <cinttypes>
#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FILE.pcap\n", argv[0]);
    return 2;
  }
  char error[PCAP_ERRBUF_SIZE] = "";
  pcap_t* pcap = pcap_open_offline(argv[1], error);
  if (pcap == nullptr) {
    std::fprintf(stderr, "%s\n", error);
    return 65;
  }
  uint64_t packets = 0, bytes = 0;
  pcap_pkthdr* header;
  const u_char* data;
  while (pcap_next_ex(pcap, &header, &data) == 1) {
    ++packets;
    bytes += header->len;
  }
  pcap_close(pcap);
  std::printf("packets=%" PRIu64 " bytes=%" PRIu64 "\n", packets, bytes);
  return 0;
}
