//! Free ports that two tests never share.

use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};

use anyhow::{Result, bail};

/// Below the range from which the kernel gives ports to outgoing connections, so that none of those takes a port while its server is restarted.
const RANGE: std::ops::Range<u16> = 20_000..32_000;
/// A second loopback address: a socket held there keeps other tests from choosing the same port, and vanishes with its process.
const RESERVATION: Ipv4Addr = Ipv4Addr::new(127, 77, 0, 1);
const ATTEMPTS: usize = 200;

/// A port on loopback that nobody else of this machine's tests chooses while this value lives.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _reservation: Option<TcpListener>,
}

impl Port {
    /// Finds a free one.
    pub fn free() -> Result<Self> {
        for _ in 0..ATTEMPTS {
            let number = rand::random_range(RANGE);
            let reservation = TcpListener::bind(SocketAddrV4::new(RESERVATION, number));
            let taken = matches!(&reservation, Err(error) if error.kind() == std::io::ErrorKind::AddrInUse);
            if !taken && is_free(number) {
                // Where loopback is a single address there is no reservation, only the check.
                return Ok(Self {
                    number,
                    _reservation: reservation.ok(),
                });
            }
        }
        bail!("no free port between {} and {}", RANGE.start, RANGE.end)
    }

    /// A port that was decided elsewhere.
    #[must_use]
    pub fn fixed(number: u16) -> Self {
        Self {
            number,
            _reservation: None,
        }
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u16 {
        self.number
    }
}

/// Whether a server could listen there on loopback.
#[must_use]
pub fn is_free(port: u16) -> bool {
    TcpListener::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{Port, is_free};

    #[test]
    fn two_reservations_never_share_a_port() {
        let ports: Vec<_> = (0..300).map(|_| Port::free().unwrap()).collect();
        let numbers: std::collections::BTreeSet<_> = ports.iter().map(Port::number).collect();
        assert_eq!(numbers.len(), ports.len());
        assert!(
            ports.iter().all(|port| is_free(port.number())),
            "a reserved port is free for its server"
        );
    }
}
