//! A connection that lets other tasks run.
//!
//! Tokio limits how often a task may read before it pauses, but not how many frames it may find in the data of one
//! read: a server that sends empty frames as fast as it can would keep a task busy for half a second.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How many bytes are read before other tasks run.
const TURN: usize = 16 * 1024;

/// A connection whose reader pauses after a number of bytes, although more may have arrived.
#[derive(Debug)]
pub(super) struct Fair<S> {
    inner: S,
    /// How many bytes were read since the last pause.
    read: usize,
}

impl<S> Fair<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner, read: 0 }
    }

    pub(super) fn inner(&self) -> &S {
        &self.inner
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Fair<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.read >= TURN {
            self.read = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.inner).poll_read(context, buffer);
        match &outcome {
            Poll::Pending => self.read = 0,
            Poll::Ready(_) => {
                let more = buffer.filled().len().saturating_sub(before);
                self.read = self.read.saturating_add(more);
            }
        }
        outcome
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Fair<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[test]
    fn a_reader_pauses_after_its_turn_and_loses_nothing() {
        let sent: Vec<u8> = (0..=255).cycle().take(5 * TURN / 2).collect();
        let mut fair = Fair::new(sent.as_slice());
        let mut context = Context::from_waker(Waker::noop());
        let (mut received, mut pauses, mut chunk) = (Vec::new(), 0, [0; 1000]);
        loop {
            let mut buffer = ReadBuf::new(&mut chunk);
            match Pin::new(&mut fair).poll_read(&mut context, &mut buffer) {
                Poll::Pending => pauses += 1,
                Poll::Ready(_) if buffer.filled().is_empty() => break,
                Poll::Ready(_) => received.extend_from_slice(buffer.filled()),
            }
        }
        assert_eq!((received == sent, pauses), (true, 2));
    }
}
