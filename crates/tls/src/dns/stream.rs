//! What every exchange with a name server needs: to know an answer, and to ask over TCP.

use std::io;
use std::net::SocketAddr;

use hickory_resolver::proto::op::{Message, MessageType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Whether a message is an answer to the question: its number, and what it repeats.
pub fn answers(question: &Message, answer: &Message) -> bool {
    let repeats = match (question.queries.first(), answer.queries.first()) {
        (Some(asked), Some(repeated)) => {
            asked.name.eq_ignore_root(&repeated.name) && asked.query_type == repeated.query_type
        }
        // A server that does not understand a question may leave it out.
        (_, None) => true,
        (None, Some(_)) => false,
    };
    answer.metadata.message_type == MessageType::Response
        && answer.metadata.id == question.metadata.id
        && repeats
}

/// Asks over TCP, each message after its length (RFC 7766). Waits for as long as the server lets it.
///
/// # Errors
/// What the connection, or the answer, fails with.
pub async fn by_stream(server: SocketAddr, question: &Message) -> io::Result<Message> {
    let bytes = question.to_vec().map_err(io::Error::other)?;
    let length = u16::try_from(bytes.len()).map_err(|_| io::Error::other("the question is too long"))?;
    let mut stream = TcpStream::connect(server).await?;
    stream.write_all(&[&length.to_be_bytes(), bytes.as_slice()].concat()).await?;
    let mut answer = vec![0; stream.read_u16().await?.into()];
    stream.read_exact(&mut answer).await?;
    let read = Message::from_vec(&answer).map_err(io::Error::other)?;
    if answers(question, &read) { Ok(read) } else { Err(io::Error::other("it answered another question")) }
}

#[cfg(test)]
mod tests {
    use hickory_resolver::proto::op::Query;
    use hickory_resolver::proto::rr::{Name, RecordType};
    use tokio::net::TcpListener;

    use super::*;

    fn question(name: &str) -> Message {
        let mut message = Message::query();
        message.add_query(Query::query(Name::from_ascii(name).unwrap(), RecordType::A));
        message
    }

    #[tokio::test]
    async fn an_answer_over_tcp_is_read_whole_or_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap();
        for (repeated, expected) in [("a.example.", true), ("b.example.", false)] {
            let asked = question("a.example.");
            let mut answer = Message::response(asked.metadata.id, asked.metadata.op_code);
            answer.queries = question(repeated).queries;
            let bytes = answer.to_vec().unwrap();
            let serve = async {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut heard = vec![0; stream.read_u16().await.unwrap().into()];
                stream.read_exact(&mut heard).await.unwrap();
                let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
                stream.write_all(&length).await.unwrap();
                stream.write_all(&bytes).await.unwrap();
                heard
            };
            let (answered, heard) = tokio::join!(by_stream(server, &asked), serve);
            assert_eq!(Message::from_vec(&heard).unwrap().queries, asked.queries);
            assert_eq!(answered.is_ok(), expected, "{answered:?}");
        }
    }
}
