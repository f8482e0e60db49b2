#!/bin/sh
# Installs the newest release of frontrunner into ~/.local/bin, or into $FRONTRUNNER_INSTALL_DIR.
set -eu

site=${FRONTRUNNER_RELEASES:-https://github.com/frontrunner-dev/frontrunner/releases/latest/download}
folder=${FRONTRUNNER_INSTALL_DIR:-${XDG_BIN_HOME:-$HOME/.local/bin}}

fail() {
    echo "error: $1" >&2
    exit 1
}

case "$(uname -m)" in
    x86_64 | amd64) machine=x86_64 ;;
    aarch64 | arm64) machine=aarch64 ;;
    *) fail "no release for $(uname -m); build it with cargo install frontrunner" ;;
esac
case "$(uname -s)" in
    Linux) system=unknown-linux-gnu ;;
    Darwin) system=apple-darwin ;;
    *) fail "no release for $(uname -s); build it with cargo install frontrunner" ;;
esac
name="frontrunner-$machine-$system"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
for file in "$name.tar.xz" "$name.tar.xz.sha256"; do
    curl --proto '=https,file' --fail --location --silent --show-error --output "$file" "$site/$file" ||
        fail "cannot download $site/$file"
done
if command -v sha256sum > /dev/null; then
    sha256sum -c "$name.tar.xz.sha256" > /dev/null || fail "the checksum is wrong"
else
    shasum -a 256 -c "$name.tar.xz.sha256" > /dev/null || fail "the checksum is wrong"
fi
tar -xf "$name.tar.xz"
mkdir -p "$folder"
# Replaced as a whole: a running program keeps its own file.
cp "$name/frontrunner" "$folder/.frontrunner-new"
mv -f "$folder/.frontrunner-new" "$folder/frontrunner"
"$folder/frontrunner" --version
case ":$PATH:" in
    *":$folder:"*) ;;
    *) echo "add $folder to your PATH" ;;
esac
