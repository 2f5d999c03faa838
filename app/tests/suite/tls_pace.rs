//! How fast `portreeve tls` asks: `--max-conn-rate`, by the clock of a server that counts.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::tls_run::{Ran, program};

/// What nobody waits longer for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Refuses every hello, and notes when it came.
struct Refusing {
    port: u16,
    came: Arc<Mutex<Vec<Instant>>>,
}

impl Refusing {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let came = Arc::new(Mutex::new(Vec::new()));
        let noted = came.clone();
        // They end with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                noted.lock().unwrap().push(Instant::now());
                thread::spawn(move || refuse(stream));
            }
        });
        Self { port, came }
    }

    /// When they came, once there are so many: the last may still wait to be taken when its client is gone.
    fn connections(&self, expected: usize) -> Vec<Instant> {
        let began = Instant::now();
        loop {
            let came = self.came.lock().unwrap().clone();
            if came.len() >= expected || began.elapsed() > PATIENCE {
                return came;
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A fatal `handshake_failure` (RFC 8446, 6.2), and the end.
fn refuse(mut stream: TcpStream) {
    let mut hello = [0; 4096];
    let _ = stream.read(&mut hello);
    let _ = stream.write_all(&[21, 3, 3, 0, 2, 2, 40]);
    let _ = stream.shutdown(Shutdown::Write);
    // Until the other side has read it: with bytes unread, an end would be a reset.
    while matches!(stream.read(&mut hello), Ok(1..)) {}
}

#[test]
fn connections_to_a_server_are_as_far_apart_as_was_asked() {
    let server = Refusing::start();
    let target = format!("127.0.0.1:{}", server.port);
    let began = Instant::now();
    let ran = Ran::of(program(None).args([&target, "--jsonl", "--max-conn-rate", "10"]).output().unwrap());
    let audits = ran.lines();
    let told = usize::try_from(audits[0]["effort"]["connections"].as_u64().unwrap()).unwrap();
    let came = server.connections(told);
    assert_eq!(told, came.len(), "{}", audits[0]);
    assert!(came.len() > 8, "too few to tell a pace: {}", came.len());
    // The first connection begins after the program does, and each of the others a tenth of a second after the one before it: whatever
    // the machine has to do beside, none can come earlier.
    for (number, at) in (0_u32..).zip(&came) {
        let earliest = Duration::from_millis(100) * number;
        assert!(*at - began >= earliest, "connection {number} after {:?}", *at - began);
    }
}

#[test]
fn a_rate_is_each_server_s_own() {
    let servers = [Refusing::start(), Refusing::start()];
    let targets = servers.each_ref().map(|server| format!("127.0.0.1:{}", server.port));
    let began = Instant::now();
    let ran = Ran::of(
        program(None)
            .args(&targets)
            .args(["--jsonl", "--max-conn-rate", "10", "--connections", "6"])
            .output()
            .unwrap(),
    );
    assert_eq!(ran.lines().len(), 2, "{}{}", ran.out, ran.notes);
    for server in &servers {
        let came = server.connections(2);
        assert!((2..=6).contains(&came.len()), "{}", came.len());
        for (number, at) in (0_u32..).zip(&came) {
            assert!(*at - began >= Duration::from_millis(100) * number);
        }
    }
}
