//! The environment and the signature that a model's files record.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ModelFile;
use crate::domain::IS_EXTERNAL_KEY;
use crate::text::untrusted::clean;

/// Characters of a signature's inputs or outputs.
const MAX_SIGNATURE_CHARS: usize = 400;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ModelFiles {
    /// Whether MLmodel was read.
    pub has_mlmodel: bool,
    /// Flavors with their versions: `sklearn 1.9.1`.
    pub flavors: Vec<String>,
    /// The signature: `a: double, b: double`.
    pub inputs: Option<String>,
    pub outputs: Option<String>,
    pub params: Option<String>,
    /// The version of MLflow that wrote the model.
    pub mlflow_version: Option<String>,
    pub size_bytes: Option<String>,
    pub python_version: Option<String>,
    /// Requirements as their file has them, and that file.
    pub packages: Vec<String>,
    pub packages_file: Option<&'static str>,
    /// Whether MLflow cannot load the model: its files are outside of MLflow, or it has no flavor.
    pub is_external: bool,
    /// Parse errors, cleaned.
    pub problems: Vec<String>,
}

/// A YAML mapping with fields of any type.
type Mapping = serde_json::Map<String, Value>;

/// `python_env.yaml`. The version is typed: untyped, Python 3.10 would be the number 3.1.
#[derive(Deserialize)]
struct PythonEnv {
    #[serde(default)]
    python: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

impl ModelFiles {
    /// Parses the files by name. A parse error does not affect the other files.
    pub(super) fn parse(files: &[ModelFile]) -> Self {
        let mut parsed = Self::default();
        let text = |name: &str| {
            files
                .iter()
                .find(|file| file.name == name)
                .map(|file| file.text.raw())
        };
        if let Some(model) =
            text("MLmodel").and_then(|text| parsed.parse_yaml::<Mapping>("MLmodel", text))
        {
            parsed.apply_mlmodel(&model);
        }
        if let Some(env) = text("python_env.yaml")
            .and_then(|text| parsed.parse_yaml::<PythonEnv>("python_env.yaml", text))
        {
            parsed.python_version = env.python.or(parsed.python_version);
            parsed.set_packages("python_env.yaml", &env.dependencies);
        }
        if let Some(conda) =
            text("conda.yaml").and_then(|text| parsed.parse_yaml::<Mapping>("conda.yaml", text))
        {
            parsed.apply_conda(&conda);
        }
        if let Some(requirements) = text("requirements.txt") {
            parsed.set_packages(
                "requirements.txt",
                &requirements.lines().map(str::to_owned).collect::<Vec<_>>(),
            );
        }
        parsed
    }

    pub(super) fn unpinned_count(&self) -> usize {
        self.packages
            .iter()
            .filter(|package| !package.contains("==") && !package.contains('@'))
            .count()
    }

    /// Parses a file, or records a problem. The parser bounds depth, nodes and aliases; the caller bounds the bytes.
    fn parse_yaml<T: DeserializeOwned>(&mut self, name: &str, text: &str) -> Option<T> {
        let options = serde_saphyr::options! { with_snippet: false };
        serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| {
                let why = error.to_string();
                self.problems.push(format!(
                    "{name}: {}",
                    clean(why.lines().next().unwrap_or_default())
                ));
            })
            .ok()
    }

    fn apply_mlmodel(&mut self, model: &Mapping) {
        if model.is_empty() {
            self.problems.push("MLmodel: empty".into());
            return;
        }
        self.has_mlmodel = true;
        self.mlflow_version = model.get("mlflow_version").and_then(scalar);
        self.size_bytes = model.get("model_size_bytes").and_then(scalar);
        for (name, flavor) in model
            .get("flavors")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            if name == "python_function" {
                self.python_version = flavor.get("python_version").and_then(scalar);
            } else {
                let version = flavor.get(format!("{name}_version")).and_then(scalar);
                self.flavors.push(
                    version.map_or_else(|| name.clone(), |version| format!("{name} {version}")),
                );
            }
        }
        let part = |name| {
            model
                .get("signature")
                .and_then(|signature| signature.get(name))
                .and_then(format_signature)
        };
        (self.inputs, self.outputs, self.params) =
            (part("inputs"), part("outputs"), part("params"));
        let flag = model
            .get("metadata")
            .and_then(|metadata| metadata.get(IS_EXTERNAL_KEY));
        let is_marked = match flag {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(flag)) => flag.eq_ignore_ascii_case("true"),
            _ => false,
        };
        let flavors = model.get("flavors").and_then(Value::as_object);
        if is_marked || flavors.is_none_or(Mapping::is_empty) {
            self.set_external();
        }
    }

    /// Drops the signature: MLflow writes a placeholder for an external model.
    pub(super) fn set_external(&mut self) {
        self.is_external = true;
        (self.inputs, self.outputs, self.params) = (None, None, None);
    }

    fn apply_conda(&mut self, conda: &Mapping) {
        let dependencies = conda.get("dependencies");
        let nested = dependencies
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .flat_map(|item| strings(item.get("pip")));
        let (pythons, others): (Vec<String>, Vec<String>) =
            strings(dependencies).into_iter().partition(|item| {
                item.strip_prefix("python")
                    .is_some_and(|rest| rest.starts_with(['=', ' ']))
            });
        let python = pythons.first().map(|item| {
            item.trim_start_matches("python")
                .trim_matches(['=', ' '])
                .to_owned()
        });
        self.python_version = self.python_version.take().or(python);
        let others = others.into_iter().filter(|item| !item.starts_with("pip"));
        self.set_packages("conda.yaml", &others.chain(nested).collect::<Vec<_>>());
    }

    /// Sets the packages, unless the file has none. The last file wins.
    fn set_packages(&mut self, file: &'static str, lines: &[String]) {
        let mut seen = BTreeSet::new();
        let packages: Vec<String> = lines
            .iter()
            .map(|line| line.split(" #").next().unwrap_or_default().trim())
            .filter(|line| !line.is_empty() && !line.starts_with(['#', '-']))
            .filter(|line| seen.insert(line.to_owned()))
            .map(str::to_owned)
            .collect();
        if !packages.is_empty() {
            (self.packages, self.packages_file) = (packages, Some(file));
        }
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn strings(list: Option<&Value>) -> Vec<String> {
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(scalar)
        .collect()
}

/// A part of a signature, JSON in a string of MLmodel, as `a: double, b: double`.
fn format_signature(part: &Value) -> Option<String> {
    let text = part.as_str().filter(|text| !text.is_empty())?;
    let formatted = match serde_json::from_str::<Vec<Value>>(text) {
        Ok(fields) => fields
            .iter()
            .map(format_field)
            .collect::<Vec<_>>()
            .join(", "),
        Err(_) => text.to_owned(),
    };
    Some(formatted.chars().take(MAX_SIGNATURE_CHARS).collect())
}

fn format_field(field: &Value) -> String {
    let kind = match field.get("tensor-spec") {
        Some(tensor) => {
            format!(
                "{} {}",
                tensor.get("dtype").and_then(scalar).unwrap_or_default(),
                tensor.get("shape").unwrap_or(&Value::Null)
            )
        }
        None => field.get("type").and_then(scalar).unwrap_or_default(),
    };
    match field.get("name").and_then(scalar) {
        Some(name) => format!("{name}: {kind}"),
        None => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(files: &[(&str, &str)]) -> ModelFiles {
        ModelFiles::parse(
            &files
                .iter()
                .map(|(name, text)| ModelFile::new(name, *text))
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn mlmodel_yields_flavors_and_signature() {
        // As MLflow 3.17.2 wrote it.
        let read = read(&[("MLmodel", include_str!("samples/MLmodel"))]);
        assert!(read.problems.is_empty(), "{:?}", read.problems);
        assert_eq!(read.flavors, ["sklearn 1.9.1"]);
        assert_eq!(read.inputs.as_deref(), Some("a: double, b: double"));
        assert_eq!(read.outputs.as_deref(), Some("int64 [-1]"));
        assert_eq!(
            (
                read.params,
                read.python_version.as_deref(),
                read.size_bytes.as_deref()
            ),
            (None, Some("3.11.7"), Some("10451"))
        );
    }

    #[test]
    fn placeholder_signature_of_an_external_model_is_dropped() {
        // As MLflow 3.17.2 wrote it.
        let signature = "signature:\n  inputs: '[{\"type\": \"boolean\", \"required\": true}]'\n  \
             outputs: '[{\"type\": \"boolean\", \"required\": true}]'\n  params: null\n";
        let metadata = "metadata:\n  mlflow.model.isExternal: true\n";
        for text in [
            format!("flavors: {{}}\n{metadata}{signature}"),
            format!("flavors: {{}}\n{signature}"),
            format!("mlflow_version: 3.17.2\n{signature}"),
            format!("flavors: {{python_function: {{}}}}\n{metadata}{signature}"),
        ] {
            let read = read(&[("MLmodel", &text)]);
            assert!(read.is_external && read.has_mlmodel, "{text}");
            assert_eq!((read.inputs, read.outputs), (None, None), "{text}");
        }
        let text = format!("flavors: {{python_function: {{}}}}\n{signature}");
        let read = read(&[("MLmodel", &text)]);
        assert!(!read.is_external && read.inputs.is_some());
    }

    #[test]
    fn each_environment_file_is_sufficient() {
        let expected = ["mlflow==3.17.2", "scikit-learn==1.9.1"];
        let requirements = read(&[(
            "requirements.txt",
            "# made\nmlflow==3.17.2\n--index-url x\nscikit-learn==1.9.1 # pinned\n\n",
        )]);
        assert_eq!(
            (requirements.packages.as_slice(), requirements.packages_file),
            (&expected.map(String::from)[..], Some("requirements.txt"))
        );
        let conda = "dependencies:\n- python=3.10\n- pip<=23\n- pip:\n  - mlflow==3.17.2\n  - scikit-learn==1.9.1\n";
        let conda = read(&[("conda.yaml", conda)]);
        assert_eq!(
            (conda.packages.as_slice(), conda.python_version.as_deref()),
            (&expected.map(String::from)[..], Some("3.10"))
        );
        let env = read(&[(
            "python_env.yaml",
            "python: 3.10\ndependencies:\n- -r requirements.txt\n",
        )]);
        assert_eq!(
            (env.python_version.as_deref(), env.packages.len()),
            (Some("3.10"), 0)
        );
    }

    #[test]
    fn unpinned_packages_are_counted() {
        assert_eq!(
            read(&[("requirements.txt", "a==1\nb>=2\nc @ file:///c\nd")]).unpinned_count(),
            2
        );
    }

    #[test]
    fn invalid_mlmodel_is_reported_and_other_files_are_parsed() {
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n";
        let deep = "[".repeat(5_000);
        for bad in [
            "{",
            "- 1\n",
            "!!python/object:os.system x",
            "\t",
            deep.as_str(),
            bomb,
        ] {
            let read = read(&[("MLmodel", bad), ("requirements.txt", "a==1")]);
            assert_eq!(
                (read.problems.len(), read.packages.len(), read.has_mlmodel),
                (1, 1, false),
                "{}",
                &bad[..bad.len().min(20)]
            );
            assert!(read.problems[0].starts_with("MLmodel: "));
        }
    }

    #[test]
    fn fields_of_wrong_type_are_ignored() {
        let read = read(&[(
            "MLmodel",
            "flavors: [1]\nsignature: 3\nmodel_size_bytes: {}\nmlflow_version: 3.17.2\n",
        )]);
        assert_eq!(
            (
                read.mlflow_version.as_deref(),
                read.inputs,
                read.flavors.len()
            ),
            (Some("3.17.2"), None, 0)
        );
    }

    proptest! {
        #[test]
        fn parsing_arbitrary_text_does_not_panic(text in any::<String>()) {
            for name in ["MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt"] {
                read(&[(name, &text)]);
            }
        }
    }
}
