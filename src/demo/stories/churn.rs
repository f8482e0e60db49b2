//! What the churn stories share: the customers, in two versions, and the features of a customer.

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
