#!/usr/bin/env bash
# Makes what a cluster needs to trust itself: a certificate authority, one certificate per process with its role, and the
# keys of tokens. Idempotent: what exists and is not about to expire stays as it is. Nothing made here is ever committed.
#
#   certs/make-certs.sh [--dir DIR] [--rms N] [--host NAME]… [--days DAYS]
#
#   --dir DIR    where to write (default: the folder of this script)
#   --rms N      resource managers to make certificates for (default 3; raise it later for new ones)
#   --host NAME  a further name or address under which the processes are reached; repeatable
#   --days DAYS  validity of the processes' certificates (default 825)
#
# Files: ca.crt ca.key · tm.crt tm.key · rm-1.crt rm-1.key … · console.crt console.key · gateway.crt gateway.key · jwt-hs256-1.key · jwt-es256-1.key jwt-es256-1.pub
# The role of a node stands in its certificate as URI:mas://role/tm or URI:mas://role/rm (with /ID for an RM). The console and the gateway are no
# nodes: their certificates name no role, and are good for a server only.
set -euo pipefail
umask 077

dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
rms=3
days=825
hosts=()
usage() { sed -n '2,14s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; }
while [ $# -gt 0 ]; do
  case "$1" in
    --dir) dir=${2:?--dir needs a folder}; shift 2 ;;
    --rms) rms=${2:?--rms needs a number}; shift 2 ;;
    --host) hosts+=("${2:?--host needs a name}"); shift 2 ;;
    --days) days=${2:?--days needs a number}; shift 2 ;;
    -h | --help) usage; exit 0 ;;
    *) echo "make-certs: unknown argument $1 (see --help)" >&2; exit 2 ;;
  esac
done
[[ $rms =~ ^[1-9][0-9]{0,2}$ ]] || { echo "make-certs: --rms is \"$rms\"; expected 1 to 999" >&2; exit 2; }
[[ $days =~ ^[1-9][0-9]{0,4}$ ]] || { echo "make-certs: --days is \"$days\"; expected a number of days" >&2; exit 2; }
said=$(openssl version 2>&1) || { echo "make-certs: the openssl program is missing or does not run (${said##*$'\n'}); on Debian: apt-get install openssl" >&2; exit 1; }

mkdir -p "$dir"
cd "$dir"
# One writer at a time: several processes of a cluster may start at once.
exec 9>.lock
if command -v flock >/dev/null; then flock 9; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

renew_before=$((30 * 24 * 3600))
current() { [ -s "$1" ] && [ -s "$2" ] && openssl x509 -in "$1" -noout -checkend "$renew_before" >/dev/null 2>&1; }
# Written beside and renamed, so that a process never reads half a key.
install_file() { chmod "$3" "$1" && mv -f "$1" "$2"; }

new_ca=no
if ! current ca.crt ca.key; then
  openssl ecparam -name prime256v1 -genkey -noout -out "$work/ca.key"
  openssl req -x509 -new -sha256 -key "$work/ca.key" -days 3650 -subj "/O=Mini Account System/CN=MAS cluster CA" \
    -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" -out "$work/ca.crt"
  # Processes that run trust both until the old one is taken out; the first one signs.
  if openssl x509 -in ca.crt -noout -checkend 0 >/dev/null 2>&1; then openssl x509 -in ca.crt >>"$work/ca.crt"; fi
  install_file "$work/ca.key" ca.key 600
  install_file "$work/ca.crt" ca.crt 644
  new_ca=yes
  echo "made ca.crt"
fi

# node NAME ROLE-URI HOST…; without a role: a server that is no node
node() {
  local name=$1 role=$2 host san
  shift 2
  if [ "$new_ca" = no ] && current "$name.crt" "$name.key" && covers "$name.crt" "$@"; then return; fi
  san=${role:+URI:$role}
  for host in "$@"; do
    san+=${san:+,}
    if [[ $host =~ ^[0-9.]+$ || $host == *:* ]]; then san+="IP:$host"; else san+="DNS:$host"; fi
  done
  openssl ecparam -name prime256v1 -genkey -noout -out "$work/$name.key"
  openssl req -new -sha256 -key "$work/$name.key" -subj "/O=Mini Account System/CN=$name" -out "$work/$name.csr"
  printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=%s\nsubjectAltName=%s\n' "serverAuth${role:+,clientAuth}" "$san" >"$work/$name.ext"
  openssl x509 -req -sha256 -in "$work/$name.csr" -CA ca.crt -CAkey ca.key -set_serial "0x$(openssl rand -hex 16)" -days "$days" -extfile "$work/$name.ext" -out "$work/$name.crt" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
  install_file "$work/$name.key" "$name.key" 600
  install_file "$work/$name.crt" "$name.crt" 644
  echo "made $name.crt"
}

covers() {
  local crt=$1 host text
  shift
  text=$(openssl x509 -in "$crt" -noout -ext subjectAltName)
  for host in "$@"; do
    # An IPv6 address has many spellings, and a certificate shows its own.
    if [[ $host == *:* ]]; then [[ $(openssl x509 -in "$crt" -noout -checkip "$host") == *"does match"* ]] || return 1; continue; fi
    [[ $text == *":$host,"* || $text == *":$host"$'\n'* || $text == *":$host" ]] || return 1
  done
}

node tm mas://role/tm localhost 127.0.0.1 ::1 tc-1 tc-2 tc-3 tm ${hosts[@]+"${hosts[@]}"}
node gateway '' localhost 127.0.0.1 ::1 gateway ${hosts[@]+"${hosts[@]}"}
for ((i = 1; i <= rms; i++)); do
  node "rm-$i" "mas://role/rm/$i" localhost 127.0.0.1 ::1 "rm-$i" ${hosts[@]+"${hosts[@]}"}
done
node console '' localhost 127.0.0.1 ::1 console ${hosts[@]+"${hosts[@]}"}

if [ ! -s jwt-hs256-1.key ]; then
  openssl rand -hex 32 | tr -d '\n' >"$work/jwt"
  install_file "$work/jwt" jwt-hs256-1.key 600
  echo "made jwt-hs256-1.key"
fi
if [ ! -s jwt-es256-1.key ]; then
  openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$work/es"
  openssl pkey -in "$work/es" -pubout -out "$work/es.pub"
  install_file "$work/es" jwt-es256-1.key 600
  install_file "$work/es.pub" jwt-es256-1.pub 644
  echo "made jwt-es256-1.key"
fi
