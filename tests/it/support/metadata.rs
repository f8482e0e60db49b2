//! Edits of descriptions, names and tags, in few words.

use frontrunner::domain::{MetadataField, MetadataOwner, MetadataWrite, StoreWrite, VersionNumber};

pub fn version(model: &str, number: u64) -> MetadataOwner {
    MetadataOwner::Version {
        model: model.into(),
        version: VersionNumber(number),
    }
}

pub fn model(name: &str) -> MetadataOwner {
    MetadataOwner::Model { model: name.into() }
}

pub fn run(id: &str) -> MetadataOwner {
    MetadataOwner::Run { run: id.into() }
}

pub fn set_tag(owner: MetadataOwner, key: &str, value: &str) -> StoreWrite {
    write_tag(owner, key, Some(value))
}

pub fn delete_tag(owner: MetadataOwner, key: &str) -> StoreWrite {
    write_tag(owner, key, None)
}

fn write_tag(owner: MetadataOwner, key: &str, value: Option<&str>) -> StoreWrite {
    StoreWrite::Metadata(MetadataWrite {
        field: owner.field_of_tag(&key.into()),
        owner,
        value: value.map(Into::into),
    })
}

pub fn describe(owner: MetadataOwner, text: &str) -> StoreWrite {
    StoreWrite::Metadata(MetadataWrite {
        field: MetadataField::Description,
        owner,
        value: (!text.is_empty()).then(|| text.into()),
    })
}
