//! stub
use super::{Run, Untrusted};
/// s
pub struct ModelSource {
    /// l
    pub label: Untrusted,
    /// s
    pub source: Untrusted,
}
/// s
pub fn model_sources(run: &Run) -> Vec<ModelSource> {
    let _ = run;
    Vec::new()
}
