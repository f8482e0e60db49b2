//! System metrics by MLflow's names, or by W&B's own where MLflow has no such metric.

/// MLflow's name for a metric, and the factor from W&B's unit to MLflow's, such as bytes to
/// megabytes.
pub(super) fn mlflow_name(key: &str) -> (String, f64) {
    let known = match key {
        // wandb 0.16; later versions say `memory_percent`.
        "memory" | "memory_percent" => Some(("system_memory_usage_percentage", 1.0)),
        "cpu" => Some(("cpu_utilization_percentage", 1.0)),
        "network.recv" => Some(("network_receive_megabytes", 1e-6)),
        "network.sent" => Some(("network_transmit_megabytes", 1e-6)),
        "disk./.usagePercent" | "disk.\\.usagePercent" => Some(("disk_usage_percentage", 1.0)),
        _ => None,
    };
    if let Some((name, factor)) = known {
        return (format!("system/{name}"), factor);
    }
    match gpu_metric(key) {
        Some((gpu, name, factor)) => (format!("system/gpu_{gpu}_{name}"), factor),
        None => (format!("system/{key}"), 1.0),
    }
}

/// Parses a key such as `gpu.0.powerWatts`.
fn gpu_metric(key: &str) -> Option<(&str, &'static str, f64)> {
    let (gpu, what) = key.strip_prefix("gpu.")?.split_once('.')?;
    let name = match what {
        "gpu" => ("utilization_percentage", 1.0),
        "memoryAllocated" => ("memory_usage_percentage", 1.0),
        "memoryAllocatedBytes" => ("memory_usage_megabytes", 1e-6),
        "powerWatts" => ("power_usage_watts", 1.0),
        "powerPercent" => ("power_usage_percentage", 1.0),
        _ => return None,
    };
    gpu.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some((gpu, name.0, name.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_known_metrics_to_mlflow_names() {
        let names = [
            "cpu",
            "memory",
            "memory_percent",
            "gpu.1.memoryAllocated",
            "gpu.process.0.gpu",
            "proc.cpu.threads",
            "disk./.usagePercent",
        ];
        assert_eq!(
            names.map(|name| mlflow_name(name).0),
            [
                "system/cpu_utilization_percentage",
                "system/system_memory_usage_percentage",
                "system/system_memory_usage_percentage",
                "system/gpu_1_memory_usage_percentage",
                "system/gpu.process.0.gpu",
                "system/proc.cpu.threads",
                "system/disk_usage_percentage",
            ]
        );
        assert_eq!(
            mlflow_name("network.recv"),
            ("system/network_receive_megabytes".to_owned(), 1e-6)
        );
    }
}
