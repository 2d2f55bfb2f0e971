//! Which addresses are everyone's, and which belong to a machine, a network or nobody.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, 0), prefix)
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

/// Blocks of the IANA IPv4 Special-Purpose Address Registry (RFC 6890 and its updates), multicast
/// (RFC 5771) and the rest that is no unicast address of the internet.
const SPECIAL_V4: [(Ipv4Net, &str); 16] = [
    (v4(0, 0, 0, 8), "this machine"),
    (v4(10, 0, 0, 8), "a private network"),
    (v4(100, 64, 0, 10), "a provider's inner network"),
    (v4(127, 0, 0, 8), "this machine"),
    (v4(169, 254, 0, 16), "link-local, where clouds keep their metadata"),
    (v4(172, 16, 0, 12), "a private network"),
    (v4(192, 0, 0, 24), "reserved for protocols"),
    (v4(192, 0, 2, 24), "reserved for documentation"),
    (v4(192, 31, 196, 24), "reserved for protocols"),
    (v4(192, 52, 193, 24), "reserved for protocols"),
    (v4(192, 88, 99, 24), "a relay of transition"),
    (v4(192, 168, 0, 16), "a private network"),
    (v4(198, 18, 0, 15), "reserved for benchmarks"),
    (v4(198, 51, 100, 24), "reserved for documentation"),
    (v4(203, 0, 113, 24), "reserved for documentation"),
    (v4(224, 0, 0, 3), "multicast or reserved"),
];

/// What is special within the one block that holds the internet's unicast addresses, `2000::/3`
/// (IANA IPv6 Special-Purpose Address Registry, RFC 6890 and its updates).
const SPECIAL_V6: [(Ipv6Net, &str); 5] = [
    (v6(0x2001, 0, 0, 23), "reserved for protocols, or a relay of transition"),
    (v6(0x2001, 0xdb8, 0, 32), "reserved for documentation"),
    (v6(0x2002, 0, 0, 16), "a relay of transition"),
    (v6(0x2620, 0x4f, 0x8000, 48), "reserved for protocols"),
    (v6(0x3fff, 0, 0, 20), "reserved for documentation"),
];

const INTERNET_V6: Ipv6Net = v6(0x2000, 0, 0, 3);

/// What an address is when it is not simply one of the internet; nothing when it is.
///
/// Addresses that carry an IPv4 address in an IPv6 one (mapped, compatible, NAT64, 6to4, Teredo)
/// are special too: what they lead to is decided by a relay and not by what stands there.
#[must_use]
pub fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => {
            SPECIAL_V4.iter().find(|(block, _)| block.contains(&address)).map(|(_, what)| *what)
        }
        IpAddr::V6(address) => match address {
            Ipv6Addr::LOCALHOST | Ipv6Addr::UNSPECIFIED => Some("this machine"),
            _ if !INTERNET_V6.contains(&address) => Some("private, link-local, multicast or reserved"),
            _ => SPECIAL_V6.iter().find(|(block, _)| block.contains(&address)).map(|(_, what)| *what),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_internet_are_not_special() {
        for open in
            ["1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"]
        {
            assert_eq!(special(open.parse().unwrap()), None, "{open}");
        }
        let closed = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.168.1.1",
            "198.19.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:1.1.1.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ];
        for closed in closed {
            assert!(special(closed.parse().unwrap()).is_some(), "{closed}");
        }
    }
}
