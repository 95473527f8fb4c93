//! The state that another process needs to continue a wait.

use std::{
    fmt,
    str::FromStr,
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use qovery_api::Printable;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct as _};
use uuid::Uuid;

use super::{Goal, Subject, ledger::Ledger};

/// The state that is needed to continue a wait later, in this process or in another one.
///
/// It holds ids, states, times, and the users who requested the deployments (often e-mail addresses), but no
/// secrets. It has two forms: serde (for files) and text (for a command line or a CI variable). Both have a version. A
/// token of another version is refused. A text of more than [`MAX_LENGTH`](Self::MAX_LENGTH) bytes is refused before it
/// is decoded.
///
/// ```
/// # fn show(token: qovery_ext::wait::OperationToken) -> Result<(), Box<dyn std::error::Error>> {
/// let text = token.to_string();
/// let again: qovery_ext::wait::OperationToken = text.parse()?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Form")]
pub struct OperationToken {
    /// The creation time of the token, in seconds since 1970.
    made: u64,
    pub(super) subject: Subject,
    /// `None` for a condition, which is code and cannot be serialized.
    pub(super) ledger: Option<Box<Ledger>>,
    /// The parent of the subject, if it was looked up: the API may not name it once the subject is gone.
    pub(super) parent: Option<Uuid>,
}

/// The serialized form, before it is checked.
#[derive(Deserialize)]
struct Form {
    version: u32,
    // Absent in tokens of the first version, which are refused by their version.
    #[serde(default)]
    made: u64,
    subject: Subject,
    #[serde(default)]
    ledger: Option<Box<Ledger>>,
    #[serde(default)]
    parent: Option<Uuid>,
}

impl OperationToken {
    /// The version of the tokens of this crate.
    pub const VERSION: u32 = 11;

    /// The length limit of a text, in bytes.
    pub const MAX_LENGTH: usize = 16 * 1024;

    pub(super) fn new(subject: Subject, ledger: Option<Ledger>) -> Self {
        Self {
            made: unix_seconds(),
            subject,
            ledger: ledger.map(Box::new),
            parent: None,
        }
    }

    /// The age of the token.
    pub(super) fn age(&self) -> Duration {
        Duration::from_secs(unix_seconds().saturating_sub(self.made))
    }

    /// Returns the subject of the operation.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Returns the goal of the operation; `None` for a condition.
    pub fn goal(&self) -> Option<Goal> {
        self.ledger.as_ref().map(|ledger| ledger.goal())
    }

    /// Returns the id of the deployment request, if the server named one, or if the queue has
    /// exactly one request that can be that of this operation.
    pub fn deployment_request_id(&self) -> Option<Uuid> {
        self.ledger.as_ref()?.request()
    }

    /// Whether the server has accepted an action of the operation, or may have received it.
    #[cfg(feature = "display")]
    pub(super) fn has_acted(&self) -> bool {
        self.ledger
            .as_deref()
            .is_some_and(|ledger| ledger.has_acted())
    }

    /// Whether the response to the action was lost, and no request that can be its own was seen since.
    #[cfg(feature = "bulk")]
    pub(crate) fn lost_response(&self) -> bool {
        let is_lost = |ledger: &Ledger| ledger.is_lost() && ledger.request().is_none();
        self.ledger.as_deref().is_some_and(is_lost)
    }
}

fn unix_seconds() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

impl Serialize for OperationToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut form = serializer.serialize_struct("OperationToken", 5)?;
        form.serialize_field("version", &Self::VERSION)?;
        form.serialize_field("made", &self.made)?;
        form.serialize_field("subject", &self.subject)?;
        form.serialize_field("ledger", &self.ledger)?;
        form.serialize_field("parent", &self.parent)?;
        form.end()
    }
}

impl TryFrom<Form> for OperationToken {
    type Error = TokenError;

    fn try_from(form: Form) -> Result<Self, TokenError> {
        check_version(form.version)?;
        let ledger = form.ledger.as_ref();
        if ledger.is_some_and(|ledger| !ledger.is_plausible()) {
            return Err(damaged("its contents contradict each other"));
        }
        Ok(Self {
            made: form.made,
            subject: form.subject,
            ledger: form.ledger,
            parent: form.parent,
        })
    }
}

/// The error of a token that is not as it was printed.
fn damaged(why: &str) -> TokenError {
    TokenError(format!(
        "{why}: pass the whole text as it was printed, or start the wait again"
    ))
}

fn check_version(version: u32) -> Result<(), TokenError> {
    if version == OperationToken::VERSION {
        return Ok(());
    }
    Err(TokenError(format!(
        "it has version {version}, this program reads version {}: start the wait again, for example by \
         the id of the deployment request",
        OperationToken::VERSION
    )))
}

/// The prefix of a token, before its version.
const PREFIX: &str = "qovery-op-";

impl fmt::Display for OperationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = postcard::to_allocvec(&(self.made, &self.subject, self.parent, &self.ledger));
        let bytes = bytes.map_err(|_| fmt::Error)?;
        let text = URL_SAFE_NO_PAD.encode(bytes);
        write!(f, "{PREFIX}{}-{text}", Self::VERSION)
    }
}

impl FromStr for OperationToken {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        if text.len() > Self::MAX_LENGTH {
            let (length, limit) = (text.len(), Self::MAX_LENGTH);
            let why = format!("it is {length} bytes long, and the limit is {limit}");
            return Err(damaged(&why));
        }
        let rest = text
            .strip_prefix(PREFIX)
            .ok_or_else(|| damaged(&format!("it does not begin with \"{PREFIX}\"")))?;
        let cut = || damaged("it is cut off or changed");
        let (version, encoded) = rest.split_once('-').ok_or_else(cut)?;
        check_version(version.parse().map_err(|_| cut())?)?;
        let bytes = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| cut())?;
        type Contents = (u64, Subject, Option<Uuid>, Option<Box<Ledger>>);
        let read = postcard::take_from_bytes::<Contents>(&bytes);
        let ((made, subject, parent, ledger), rest) = read.map_err(|_| cut())?;
        if !rest.is_empty() {
            return Err(cut());
        }
        Self::try_from(Form {
            version: Self::VERSION,
            made,
            subject,
            ledger,
            parent,
        })
    }
}

/// A token cannot be used: it is cut off or damaged, has another version, or belongs to a wait for a condition.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenError(pub(super) String);

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = Printable::new(&self.0);
        write!(f, "not a usable operation token: {why}")
    }
}

crate::causes::debug_as_text!(TokenError);

impl std::error::Error for TokenError {}
