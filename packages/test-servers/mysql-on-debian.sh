#!/usr/bin/env bash
# Puts a real MySQL server beside the system: Debian 12's `mysqld` is MariaDB's, only Debian's unstable release has MySQL.
#
#   packages/test-servers/mysql-on-debian.sh [FOLDER]
#
# Unpacks MySQL and the libraries that it needs into FOLDER (default: /var/cache/mas-mysql for root, else ~/.cache/mas-mysql),
# from the mirror that apt uses here already; nothing is installed, nobody needs to be root. The last line of its output is
# the program for MAS_MYSQLD. What is there from an earlier call is used again. 330 MB, half a minute.
set -euo pipefail
fail() { echo "mysql-on-debian: $*" >&2; exit 1; }
case "${1:-}" in -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;; esac

if [ "$(id -u)" = 0 ]; then folder=${1:-/var/cache/mas-mysql}; else folder=${1:-${HOME:?}/.cache/mas-mysql}; fi
mysqld=$folder/mysqld
runs() { [ -x "$mysqld" ] && "$mysqld" --no-defaults --version 2>/dev/null | grep -qi mysql; }
if runs; then echo "$mysqld"; exit 0; fi

advice='install MySQL 8 or 9 and set MAS_MYSQLD to its mysqld'
{ [ -r /etc/debian_version ] && ! grep -qi '^ID=ubuntu' /etc/os-release; } || fail "this is not Debian: $advice"
for program in apt-get dpkg dpkg-deb; do command -v "$program" >/dev/null || fail "$program is missing here: $advice"; done
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r "$keyring" ] || fail "$keyring is missing (apt-get install debian-archive-keyring), or $advice"
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 2>/dev/null | grep -v security | head -1 || true)
[ -n "$mirror" ] || mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -v security | grep debian | head -1 || true)
[ -n "$mirror" ] || fail "no Debian mirror in apt's sources: add one, or $advice"

# An apt of its own, for which nothing is installed yet: so it names every library, down to libc, in versions that fit.
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
mysqld=$folder/mysqld
exec 9>"$folder/.lock"
if command -v flock >/dev/null; then flock 9; fi
if runs; then echo "$mysqld"; exit 0; fi
rm -rf "$folder/apt" "$folder/root"
mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial" "$folder/root"
: >"$folder/apt/status"
echo "deb [signed-by=$keyring] $mirror sid main" >"$folder/apt/sources"
apt() {
  apt-get -q -o Dir::State="$folder/apt" -o Dir::State::lists="$folder/apt/lists" -o Dir::State::status="$folder/apt/status" \
    -o Dir::Cache="$folder/apt/cache" -o Dir::Etc::SourceList="$folder/apt/sources" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null -o APT::Sandbox::User="$(id -un)" -o APT::Default-Release= \
    -o Debug::NoLocking=1 "$@" >>"$folder/apt/log" 2>&1 || { tail -5 "$folder/apt/log" >&2; fail "apt-get $1 failed on $mirror sid; $advice"; }
}
echo "mysql-on-debian: MySQL from $mirror sid into $folder" >&2
apt update
apt install -y --no-install-recommends --download-only mysql-server-core
for package in "$folder"/apt/cache/archives/*.deb; do dpkg-deb -x "$package" "$folder/root"; done
rm -rf "$folder/apt"

# The server with its own loader and libraries: those of this system may be older.
root=$folder/root
loader=$(find "$root" -name 'ld-linux*.so.*' | head -1)
libraries=$(dirname "$(find "$root" -name libc.so.6 | head -1)")
{ [ -x "$loader" ] && [ -x "$root/usr/sbin/mysqld" ]; } || fail "the packages of sid hold no mysqld any more; $advice"
cat >"$mysqld.new" <<WRAPPER
#!/bin/sh
exec '$loader' --library-path '$libraries:$libraries/mysql/private' '$root/usr/sbin/mysqld' "\$@" --basedir='$root/usr' \\
  --lc-messages-dir='$root/usr/share/mysql' --character-sets-dir='$root/usr/share/mysql/charsets' --plugin-dir='$root/usr/lib/mysql/plugin'
WRAPPER
# Servers run as an ordinary user, whoever unpacked them.
chmod 755 "$mysqld.new" "$folder"
chmod -R go+rX "$root"
mv "$mysqld.new" "$mysqld"
runs || fail "$mysqld does not run: $("$mysqld" --no-defaults --version 2>&1 | tail -1)"
"$mysqld" --no-defaults --version >&2
echo "$mysqld"
