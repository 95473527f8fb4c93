//! The stream of a wait in a story: healthy, or with one fault.

use std::time::Duration;

use qovery_fake::{FakeQovery, SocketFault};

/// The faults of the sockets of a story.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    pub(crate) name: &'static str,
    fault: Option<SocketFault>,
}

impl Stream {
    pub(crate) fn inject(&self, fake: &FakeQovery) {
        if let Some(fault) = &self.fault {
            let fault = fault.clone().on("/deployment/status");
            fake.inject_socket(fault.times(u32::MAX));
        }
    }
}

/// A healthy stream, and one with each fault.
pub(crate) fn streams() -> Vec<Stream> {
    let seconds = Duration::from_secs;
    let faulty = |name, fault| Stream {
        name,
        fault: Some(fault),
    };
    let lie = SocketFault::rewrites;
    vec![
        Stream {
            name: "healthy",
            fault: None,
        },
        faulty("silent", SocketFault::silent()),
        faulty("silent later", SocketFault::silent().after_frames(3)),
        faulty("mute", SocketFault::mute().after_frames(1)),
        faulty("mute later", SocketFault::mute().after_frames(4)),
        faulty("dead", SocketFault::refused(503)),
        faulty("dropped", SocketFault::lost().after(seconds(20))),
        faulty("dropped at once", SocketFault::lost().after_frames(1)),
        faulty("lying of success", lie("DEPLOYING\"", "DEPLOYED\"")),
        faulty("lying of failure", lie("DEPLOYED\"", "DEPLOYMENT_ERROR\"")),
        faulty("lying of rest", lie("ING\"", "ED\"")),
        faulty("late", SocketFault::late(seconds(4))),
        faulty("very late", SocketFault::late(seconds(40))),
        faulty("duplicated", SocketFault::duplicate().every_frame()),
        faulty("reordered", SocketFault::reorder().every_frame()),
    ]
}
