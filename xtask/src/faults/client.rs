//! Clients that number their requests and remember which were answered.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Asks with one number after the other until the connection is cut; tells the numbers whose answers began.
pub fn ask_until_cut(server: SocketAddr, next: &AtomicU64) -> Vec<u64> {
    let mut answered = Vec::new();
    let Ok(mut socket) = TcpStream::connect(server) else {
        return answered;
    };
    let _ = socket.set_read_timeout(Some(Duration::from_secs(10)));
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let request =
            format!("GET /owa/healthcheck.htm?n={number} HTTP/1.1\r\nHost: mail.example.org\r\n\r\n");
        if socket.write_all(request.as_bytes()).is_err() || !is_answered(&mut socket, &mut answered, number) {
            return answered;
        }
    }
}

/// Whether the whole answer came. A part of one counts as answered, too.
fn is_answered(socket: &mut TcpStream, answered: &mut Vec<u64>, number: u64) -> bool {
    let (mut answer, mut block) = (Vec::new(), [0; 4096]);
    loop {
        match socket.read(&mut block) {
            Ok(read) if read > 0 => {
                if answer.is_empty() {
                    answered.push(number);
                }
                answer.extend_from_slice(&block[..read]);
            }
            _ => return false,
        }
        if is_whole(&answer) {
            return true;
        }
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&answer[..end]);
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("Content-Length: ")?.parse::<usize>().ok());
    length.is_some_and(|length| answer.len() >= end + 4 + length)
}
