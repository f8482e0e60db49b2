//! What the churn stories share: the customers, in two versions, and the features of a customer.

use crate::demo::artifacts::Flavor;
use crate::demo::draft::Dataset;
use crate::demo::noise::Noise;

/// The team's repository.
pub(super) const REPOSITORY: &str = "https://git.example.org/growth/churn.git";

/// What is known of a customer: MLflow's type and the name.
pub(super) const FEATURES: &[(&str, &str)] = &[
    ("long", "tenure_months"),
    ("double", "monthly_charge"),
    ("long", "support_tickets_90d"),
    ("string", "contract"),
    ("double", "days_since_login"),
    ("string", "payment_method"),
    ("long", "seats"),
    ("double", "discount_pct"),
];

/// The requirements of the team's models until the summer.
pub(super) const OLD: &[&str] = &["mlflow==3.17.2", "lightgbm==4.5.0", "numpy==1.26.4", "pandas==2.2.3", "scikit-learn==1.5.2"];
/// The requirements since.
pub(super) const NEW: &[&str] = &["mlflow==3.17.2", "lightgbm==4.6.0", "numpy==2.4.6", "pandas==3.1.1", "scikit-learn==1.9.1"];

/// What a model of the team is made with.
pub(super) fn lightgbm(requirements: &'static [&'static str]) -> Flavor {
    Flavor {
        name: "lightgbm",
        file: "model.lgb",
        python: if requirements == OLD { "3.11.7" } else { "3.12.8" },
        requirements,
        inputs: FEATURES,
        output: "double",
    }
}

/// The customers that models are trained and judged on.
pub(super) struct Customers {
    /// Before the price change of spring.
    pub spring: Dataset,
    /// The same dataset, read again after it: another digest under the same name.
    pub autumn: Dataset,
    /// What models are judged on; it never changes.
    pub holdout: Dataset,
}

impl Customers {
    /// The customers. Datasets are rows of one experiment in MLflow, so each experiment's have ids of their own;
    /// the digests are the same everywhere.
    pub fn of(ids: &mut Noise) -> Self {
        let mut digests = Noise::of("customers");
        let mut dataset =
            |name, uri, rows| Dataset { id: ids.id(), name, digest: digests.hex(8), source_type: "s3", uri, columns: FEATURES, rows };
        Self {
            spring: dataset("customers", "s3://growth-lake/churn/customers.parquet", 48_211),
            autumn: dataset("customers", "s3://growth-lake/churn/customers.parquet", 61_904),
            holdout: dataset("customers-holdout", "s3://growth-lake/churn/holdout-2026q1.parquet", 9_600),
        }
    }
}
