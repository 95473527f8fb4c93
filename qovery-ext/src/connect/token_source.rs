//! Tokens that change while a program runs.
//!
//! A token that stays the same is passed to [`Connect::token`](super::Connect::token). A call that is dropped
//! while it waits for a token sends nothing. A renewal that has begun continues, so that it is not lost half
//! way.

use std::{
    error, fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use qovery_api::{AccessToken, BoxFuture, Printable, http::HeaderValue};
use tokio::sync::Mutex;

/// The error of a [`TokenSource`]. Its text becomes part of the error of a call: it must not contain a token.
pub type TokenSourceError = Box<dyn error::Error + Send + Sync>;

/// Provides the token for each request, and is notified if the server refuses it.
///
/// If the server answers `401`, the client calls [`refused`](Self::refused), once for all calls that were in
/// flight with the token. If [`current`](Self::current) then returns another token, each of these calls is
/// sent once more. This is safe for every method, because the API does not execute a request that it answers
/// with `401`. A call with [`RetryMode::UnlessExecuted`](qovery_api::RetryMode::UnlessExecuted) is not sent
/// again after the `401` of a proxy.
///
/// ```
/// use qovery_api::{AccessToken, BoxFuture};
/// use qovery_ext::connect::{Connect, TokenSource, TokenSourceError};
/// use tokio::sync::RwLock;
///
/// struct Vault {
///     token: RwLock<AccessToken>,
/// }
///
/// async fn log_in() -> Result<AccessToken, TokenSourceError> {
///     Ok(AccessToken::new("eyJhbGciOiJub25lIn0.eyJzdWIiOiJtZSJ9.c2ln")?)
/// }
///
/// impl TokenSource for Vault {
///     fn current(&self) -> BoxFuture<'_, Result<AccessToken, TokenSourceError>> {
///         Box::pin(async { Ok(self.token.read().await.clone()) })
///     }
///
///     fn refused<'a>(
///         &'a self,
///         _token: &'a AccessToken,
///     ) -> BoxFuture<'a, Result<(), TokenSourceError>> {
///         Box::pin(async {
///             *self.token.write().await = log_in().await?;
///             Ok(())
///         })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), TokenSourceError> {
/// let vault = Vault { token: RwLock::new(log_in().await?) };
/// let client = Connect::new().token_source(vault).build()?;
/// # Ok(())
/// # }
/// ```
pub trait TokenSource: Send + Sync + 'static {
    /// Returns the token for the next request.
    ///
    /// It is called before each request, so that a token can be renewed before it expires. It
    /// should return at once while the token is valid. Calls that begin during a renewal share its
    /// result.
    ///
    /// # Errors
    /// Returns an error if there is no token. The call then fails, and was not sent. A wait ends at once, however many
    /// failed polls it tolerates. If the source can fail for a short time, let it retry.
    fn current(&self) -> BoxFuture<'_, Result<AccessToken, TokenSourceError>>;

    /// Replaces a token that the server answered with `401`. It is called once for all calls that
    /// were in flight with this token. The default implementation does nothing.
    ///
    /// # Errors
    /// Returns an error if the token could not be replaced. The calls that wait for it fail. The
    /// server has not executed them.
    fn refused<'a>(
        &'a self,
        token: &'a AccessToken,
    ) -> BoxFuture<'a, Result<(), TokenSourceError>> {
        let _ = token;
        Box::pin(async { Ok(()) })
    }
}

impl<T: TokenSource + ?Sized> TokenSource for Arc<T> {
    fn current(&self) -> BoxFuture<'_, Result<AccessToken, TokenSourceError>> {
        (**self).current()
    }

    fn refused<'a>(
        &'a self,
        token: &'a AccessToken,
    ) -> BoxFuture<'a, Result<(), TokenSourceError>> {
        (**self).refused(token)
    }
}

/// The failure of a token source, shared by the calls that waited for it.
#[derive(Clone)]
pub(super) struct NoToken(Arc<dyn error::Error + Send + Sync>);

impl fmt::Display for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Printable::new(&self.0.to_string()).fmt(f)
    }
}

impl fmt::Debug for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NoToken")
            .field(&format_args!("{self}"))
            .finish()
    }
}

impl error::Error for NoToken {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.0.source()
    }
}

impl From<TokenSourceError> for NoToken {
    fn from(error: TokenSourceError) -> Self {
        Self(error.into())
    }
}

/// A token with the number of refusals that had been reported when it was provided.
#[derive(Clone)]
pub(super) struct Issued {
    token: AccessToken,
    pub(super) header: HeaderValue,
    refusals: u64,
}

impl Issued {
    fn is_same(&self, other: &Self) -> bool {
        self.token.expose() == other.token.expose() && self.token.scheme() == other.token.scheme()
    }
}

/// A source, with the state that prevents concurrent calls from requesting the same token twice.
#[derive(Clone)]
pub(super) struct Tokens(Arc<Shared>);

struct Shared {
    source: Box<dyn TokenSource>,
    /// The number of requests to the source. If it grows while a call waits for the lock, the call
    /// uses the outcome of the newest request.
    asked: AtomicU64,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    outcome: Option<Result<Issued, NoToken>>,
    refusals: u64,
}

impl Tokens {
    pub(super) fn new(source: Box<dyn TokenSource>) -> Self {
        Self(Arc::new(Shared {
            source,
            asked: AtomicU64::new(0),
            last: Mutex::default(),
        }))
    }

    /// The token for the next request.
    pub(super) async fn current(&self) -> Result<Issued, NoToken> {
        let shared = &*self.0;
        let asked = shared.asked.load(Ordering::Acquire);
        let mut last = shared.last.lock().await;
        if asked != shared.asked.load(Ordering::Acquire)
            && let Some(outcome) = &last.outcome
        {
            return outcome.clone();
        }
        let outcome = shared.ask(last.refusals).await;
        shared.keep(&mut last, outcome)
    }

    /// The token that replaces a refused one, if the source has one.
    pub(super) async fn replace(&self, refused: Issued) -> Result<Option<Issued>, NoToken> {
        let shared = Arc::clone(&self.0);
        // A separate task: the call that reports the refusal may be dropped, but the renewal must continue.
        let renewal = tokio::spawn(async move { shared.replace(&refused).await });
        renewal.await.unwrap_or_else(|_| Err(panicked()))
    }
}

fn panicked() -> NoToken {
    TokenSourceError::from("the token source panicked").into()
}

impl Shared {
    async fn ask(&self, refusals: u64) -> Result<Issued, NoToken> {
        let token = self.source.current().await?;
        let header = token
            .header_value()
            .map_err(|error| NoToken::from(TokenSourceError::from(error)))?;
        Ok(Issued {
            token,
            header,
            refusals,
        })
    }

    fn keep(&self, last: &mut Last, outcome: Result<Issued, NoToken>) -> Result<Issued, NoToken> {
        last.outcome = Some(outcome.clone());
        self.asked.fetch_add(1, Ordering::Release);
        outcome
    }

    async fn replace(&self, refused: &Issued) -> Result<Option<Issued>, NoToken> {
        let mut last = self.last.lock().await;
        let outcome = match &last.outcome {
            // Another call has reported the refusal in the meantime.
            Some(outcome) if last.refusals != refused.refusals => outcome.clone(),
            _ => {
                last.refusals += 1;
                // The result for the other callers if the source panics.
                last.outcome = Some(Err(panicked()));
                let outcome = match self.source.refused(&refused.token).await {
                    Ok(()) => self.ask(last.refusals).await,
                    Err(error) => Err(error.into()),
                };
                self.keep(&mut last, outcome)
            }
        };
        outcome.map(|issued| (!issued.is_same(refused)).then_some(issued))
    }
}

#[cfg(test)]
mod tests;
