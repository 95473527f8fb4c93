//! From the contract to the files of the generated client.

pub(crate) mod model;
mod normalise;
mod progenitor;

pub(crate) use normalise::normalise;
pub(crate) use progenitor::generate as progenitor;

#[cfg(test)]
mod tests;
