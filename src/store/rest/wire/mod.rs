//! MLflow's JSON. Every field may be absent, null, or a number spelled as a string.

mod files;
mod registry;
mod run;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};

use crate::domain::{KeyValue, MetricValue};
use crate::store::interner::Interner;
use crate::text::Untrusted;
pub(super) use files::{SignedAddress, SignedAddressPage, WireFile};
pub(super) use registry::{
    TransitionRequestPage, WireLoggedModel, WireModel, WireTransitionRequest, WireVersion,
    aliases_of_version,
};
pub(super) use run::{WireExperiment, WireMetric, WireRun};

/// A number or the text of one; `None` for anything else.
pub(super) fn int<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum LooseInt {
        Int(i64),
        Float(f64),
        Text(String),
        Other(IgnoredAny),
    }
    Ok(match Option::<LooseInt>::deserialize(deserializer)? {
        Some(LooseInt::Int(number)) => Some(number),
        Some(LooseInt::Float(number)) if number.fract() == 0.0 && number.abs() < 9e15 => {
            Some(number as i64)
        }
        Some(LooseInt::Text(text)) => text.trim().parse().ok(),
        Some(LooseInt::Float(_) | LooseInt::Other(_)) | None => None,
    })
}

/// A text, or the text of a number or a bool; empty for anything else.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum LooseText {
        Text(String),
        Number(serde_json::Number),
        Bool(bool),
        Other(IgnoredAny),
    }
    Ok(match Option::<LooseText>::deserialize(deserializer)? {
        Some(LooseText::Text(text)) => text,
        Some(LooseText::Number(number)) => number.to_string(),
        Some(LooseText::Bool(flag)) => flag.to_string(),
        Some(LooseText::Other(_)) | None => String::new(),
    })
}

/// A list; empty for null.
pub(super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A metric's value; NaN for what is not a number, so that one odd value does not fail the page.
fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<MetricValue>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum LooseValue {
        Value(MetricValue),
        Other(IgnoredAny),
    }
    Ok(match Option::<LooseValue>::deserialize(deserializer)? {
        Some(LooseValue::Value(value)) => Some(value),
        Some(LooseValue::Other(_)) => Some(MetricValue::new(f64::NAN)),
        None => None,
    })
}

/// A page of a listing, and the token of the next one; empty after the last.
pub(super) trait Paged: DeserializeOwned {
    type Item;
    fn into_parts(self) -> (Vec<Self::Item>, String);
}

macro_rules! page {
    ($name:ident, $field:ident: $item:ty) => {
        #[derive(Deserialize, Default)]
        #[serde(default)]
        pub(super) struct $name {
            #[serde(deserialize_with = "crate::store::rest::wire::list")]
            pub $field: Vec<$item>,
            #[serde(deserialize_with = "crate::store::rest::wire::text")]
            pub next_page_token: String,
        }

        impl crate::store::rest::wire::Paged for $name {
            type Item = $item;

            fn into_parts(self) -> (Vec<$item>, String) {
                (self.$field, self.next_page_token)
            }
        }
    };
}

pub(super) use page;

page!(ExperimentPage, experiments: WireExperiment);
page!(RunPage, runs: WireRun);
page!(MetricPage, metrics: WireMetric);
page!(FilePage, files: WireFile);
page!(ModelPage, registered_models: WireModel);
page!(VersionPage, model_versions: WireVersion);
page!(LoggedModelPage, models: WireLoggedModel);

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct WirePair {
    #[serde(deserialize_with = "text")]
    key: String,
    #[serde(deserialize_with = "text")]
    value: String,
}

fn into_pairs(pairs: Vec<WirePair>, keys: &mut Interner) -> Vec<KeyValue> {
    pairs
        .into_iter()
        .map(|pair| KeyValue {
            key: keys.intern(&pair.key),
            value: pair.value.into(),
        })
        .collect()
}

fn non_empty(text: String) -> Option<Untrusted> {
    (!text.is_empty()).then(|| text.into())
}

/// The responses that contain one entity.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct EntityResponse {
    pub run: Option<WireRun>,
    pub registered_model: Option<WireModel>,
    pub model_version: Option<WireVersion>,
    pub model: Option<WireLoggedModel>,
}

/// The user that a server with MLflow's own users takes a request for.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct CurrentUser {
    pub user: WireUser,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct WireUser {
    #[serde(deserialize_with = "text")]
    pub username: String,
    pub is_admin: bool,
}
