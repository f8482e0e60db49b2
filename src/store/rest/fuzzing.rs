//! The entry point of the fuzzer: a response of a server, without the server.

use reqwest::StatusCode;
use serde::de::DeserializeOwned;

use super::response;
use super::transport::RawResponse;
use super::wire::{
    EntityResponse, ExperimentPage, FilePage, LoggedModelPage, MetricPage, ModelPage, RunPage,
    TransitionRequestPage, VersionPage,
};
use crate::domain::VersionNumber;
use crate::store::interner::Interner;

/// Reads a response as each endpoint would.
pub fn read_response(status: u16, body: &[u8]) {
    let raw = RawResponse {
        status: StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
        location: None,
        retry_after: None,
        body: body.to_vec(),
        is_truncated: false,
    };
    let Ok(body) = response::parse_body(raw, "reading a response") else {
        return;
    };
    let keys = &mut Interner::default();
    each(&body, |page: ExperimentPage| {
        for item in page.experiments {
            item.into_experiment(keys);
        }
    });
    each(&body, |page: RunPage| {
        for item in page.runs {
            item.into_run(keys);
        }
    });
    each(&body, |page: MetricPage| {
        for item in page.metrics {
            item.to_point();
        }
    });
    each(&body, |page: FilePage| {
        for item in page.files {
            item.into_artifact();
        }
    });
    read_registry(&body, keys);
}

fn read_registry(body: &[u8], keys: &mut Interner) {
    each(body, |page: ModelPage| {
        for item in page.registered_models {
            item.into_registered_model(keys);
        }
    });
    each(body, |page: VersionPage| {
        for item in page.model_versions {
            item.into_version(keys);
        }
    });
    each(body, |page: LoggedModelPage| {
        for item in page.models {
            item.into_logged_model(keys);
        }
    });
    each(body, |page: TransitionRequestPage| {
        for item in page.requests {
            item.into_request(VersionNumber(1));
        }
    });
    each(body, |entity: EntityResponse| {
        entity.run.map(|run| run.into_run(keys));
        entity
            .registered_model
            .map(|model| model.into_registered_model(keys));
        entity.model_version.map(|item| item.into_version(keys));
        entity.model.map(|model| model.into_logged_model(keys));
    });
}

fn each<T: DeserializeOwned>(body: &[u8], convert: impl FnOnce(T)) {
    if let Ok(value) = serde_json::from_slice(body) {
        convert(value);
    }
}
