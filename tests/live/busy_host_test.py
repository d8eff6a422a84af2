#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A busy client and server on the sensor's own host: what it asked for and what it declares to
serve is never observed, what it serves undeclared is, and scans beside all that are still exact."""

import http.client
import http.server
import socket
import socketserver
import unittest

import watch
import wire
from wire import FAR_V4, FAR_V6, HERE_V4, HERE_V6

wire.need("ping", "nmap")

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
EACH = 200  # connections, requests and pings each way, over each family
WEB, DNS = 8080, 53
BODY = bytes(20_000)  # leaves the host in frames larger than the MTU: offload
LARGEST_FRAME = 1500 + 14 + 8
QUERY = bytes.fromhex("123401000001000000000000076578616d706c6503636f6d0000010001")
NMAP, NMAP_V6 = "198.51.100.13", "2001:db8:a::13"

SERVICES = (f"{WEB}/tcp", f"{DNS}/udp", "0/icmp", "0/icmpv6")
SCANS = (
    f"nmap -n -Pn --max-retries 0 -S {NMAP} -e far -sS -p 2000-2249 {HERE_V4}",
    f"nmap -n -Pn --max-retries 0 -S {NMAP} -e far -sN -p 3000-3019 {HERE_V4}",
    f"nmap -6 -n -Pn --max-retries 0 -S {NMAP_V6} -e far -sS -p 2000-2099 {HERE_V6}",
)
# (source, kind, protocol, port): packets
SCANNED = {
    **{(NMAP, "tcp_syn", TCP, port): 1 for port in range(2000, 2250)},
    **{(NMAP, "tcp_null", TCP, port): 1 for port in range(3000, 3020)},
    **{(NMAP_V6, "tcp_syn", TCP, port): 1 for port in range(2000, 2100)},
}
# Of an undeclared connection SYN, ACK and request are observed. Then the host's own first ACK, in
# the first 300 s of the sensor, makes an entry: the rest is solicited.
UNDECLARED = {
    (source, kind, protocol, port): packets for source, icmp in ((FAR_V4, ICMP), (FAR_V6, ICMPV6))
    for kind, protocol, port, packets in (
        ("tcp_syn", TCP, WEB, EACH), ("tcp_ack", TCP, WEB, 2 * EACH), ("udp_probe", UDP, DNS, EACH),
        ("icmp_echo_request", icmp, 0, EACH))
}


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_):
        pass


class Answer(socketserver.BaseRequestHandler):
    def handle(self):
        request, server = self.request
        server.sendto(request[:2] + b"\x81" + request[3:], self.client_address)


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class WebServer(http.server.ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, address):
        self.address_family = family_of(address)
        super().__init__((address, WEB), Page)

    def server_bind(self):  # without asking for the host's name
        socketserver.TCPServer.server_bind(self)


class DnsServer(socketserver.UDPServer):
    def __init__(self, address):
        self.address_family = family_of(address)
        super().__init__((address, DNS), Answer)


def fetch(address):
    # Each from a port of its own: one that is used again belongs to the connection before.
    first = 21_000 if ":" in address else 20_000
    for port in range(first, first + EACH):
        connection = http.client.HTTPConnection(address, WEB, timeout=wire.LIMIT_S,
                                                source_address=("", port))
        connection.request("GET", "/")
        assert connection.getresponse().read() == BODY
        connection.close()


def query(address):
    for _ in range(EACH // 2):
        with socket.socket(family_of(address), socket.SOCK_DGRAM) as client:
            client.settimeout(wire.LIMIT_S)
            client.connect((address, DNS))
            for _ in range(2):  # an answer must not make the next request a solicited one
                client.send(QUERY)
                assert client.recv(512)[2] == 0x81


class BusyHost(unittest.TestCase):
    def be_busy(self, net, commands):
        """Both hosts serve and ask each other, while commands run at the far end."""
        hosts = {"here": (HERE_V4, HERE_V6), "far": (FAR_V4, FAR_V6)}
        servers = [net.on(end, make, address).result() for end, addresses in hosts.items()
                   for address in addresses for make in (WebServer, DnsServer)]
        serving = [net.on(end, server.serve_forever)
                   for end, server in zip(["here"] * 4 + ["far"] * 4, servers)]
        for command in commands:
            net.start("far", command)
        asked = []
        for end, addresses in (("far", hosts["here"]), ("here", hosts["far"])):
            for address in addresses:
                net.start(end, f"ping -q -c {EACH} -i 0.002 {address}")
                asked += [net.on(end, question, address) for question in (fetch, query)]
        net.finish()
        for future in asked:
            future.result(wire.LIMIT_S)
        for server in servers:
            server.shutdown()
            server.server_close()
        for future in serving:
            future.result(wire.LIMIT_S)

    def watch(self, services, commands):
        """(rows, accounting, what the oracle makes of the same packets)."""
        options = [word for service in services for word in ("--service", service)]
        with wire.Wire(more_far=(NMAP, NMAP_V6)) as net:
            before = net.frames()
            sensor = watch.Sensor(net, *options)
            witness = watch.Witness(net)
            self.be_busy(net, commands)
            net.settle()
            frames = net.frames() - before
            records = witness.stop(frames)
            windows = sensor.stop()
        self.assertEqual([*watch.not_conserved(windows)], [])
        total = watch.total(windows)
        self.assertEqual(total["captured"], frames)
        fates, truth = watch.judge(records, f"{HERE_V4}/32,{HERE_V6}/128", services=services)
        self.assertEqual({fate: total[fate] for fate in fates}, fates)
        self.assertEqual(watch.differences(watch.rows(windows), truth), [])
        large = sum(record.wire > LARGEST_FRAME for record in records)
        self.assertGreater(large, 0)
        self.assertEqual(total["offload_merged"], large)
        return {key: row["packets"] for key, row in truth.items()}, total

    def test_what_is_declared_or_asked_for_is_not_observed(self):
        observed, total = self.watch(SERVICES, ())
        self.assertEqual(watch.differences(observed, {}), [])
        self.assertGreater(total["service"], 0)
        self.assertGreater(total["solicited"], 0)

    def test_scans_beside_it_are_exact(self):
        observed, _ = self.watch(SERVICES, SCANS)
        self.assertEqual(watch.differences(observed, SCANNED), [])

    def test_an_undeclared_service_is_observed(self):
        observed, _ = self.watch((), ())
        self.assertEqual(watch.differences(observed, UNDECLARED), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
