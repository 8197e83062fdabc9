use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use crate::tls::Prefixed;

#[tokio::test]
async fn what_was_read_is_read_again_and_counted_once() {
    let (near, mut far) = duplex(64);
    far.write_all(b"abcdef").await.unwrap();
    let mut stream = Prefixed::new(near);
    let traffic = stream.traffic();
    let mut four = [0; 4];
    stream.read_exact(&mut four).await.unwrap();
    assert_eq!((&four, traffic.received()), (b"abcd", 4));

    stream.unread(b"cd".to_vec());
    stream.unread(b"ab".to_vec());
    let mut three = [0; 3];
    stream.read_exact(&mut three).await.unwrap();
    assert_eq!((&three, traffic.received()), (b"abc", 4));
    stream.read_exact(&mut three).await.unwrap();
    assert_eq!((&three, traffic.received()), (b"def", 6));

    stream.write_all(b"12").await.unwrap();
    assert_eq!(traffic.sent(), 2);
    drop(stream);
    assert_eq!(traffic.received(), 6);
}
