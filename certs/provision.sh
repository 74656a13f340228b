#!/usr/bin/env bash
# For docker-compose.yml's first step: what each container needs to trust the others and to be let in. Each has a volume with
# its own certificate, key and password, and no other's; the authority's key and all passwords together stay in a volume that
# no other container has. Idempotent: what exists stays, certificates that expire within 30 days are made anew.
#
#   certs/provision.sh OUT RMS     volumes are mounted below OUT: authority mysql redis tc-1 gateway console client rm-1 …
#
# Runs as root, because the files of each belong to the user who reads them.
set -euo pipefail
umask 077
out=${1:?OUT} rms=${2:?RMS}
authority=$out/authority
NODE_USER=1000 SERVER_USER=999

node packages/bin/dist/mas.js certs --dir "$authority" --rms "$rms"

secret() {
  [ -s "$authority/$1" ] || { openssl rand -hex 24 | tr -d '\n' >"$authority/$1.new" && mv "$authority/$1.new" "$authority/$1"; }
  cat "$authority/$1"
}
# put VOLUME NAME USER: standard input becomes a file there, readable by USER alone
put() {
  local file=$out/$1/$2
  cat >"$file.new"
  chown "$3:$3" "$file.new"
  chmod 400 "$file.new"
  mv -f "$file.new" "$file"
}
give() {
  local volume=$1 name
  shift
  for name in "$@"; do put "$volume" "$name" $NODE_USER <"$authority/$name"; done
}
own() { chown "$2:$2" "$out/$1" && chmod 700 "$out/$1"; }

chmod 700 "$authority"
own mysql $SERVER_USER
own redis $SERVER_USER
for volume in tc-1 gateway console client; do own $volume $NODE_USER; done

# One user and one database for each Resource Manager: rows, and the tables that hold them.
users=""
for ((i = 1; i <= rms; i++)); do
  own "rm-$i" $NODE_USER
  give "rm-$i" ca.crt "rm-$i.crt" "rm-$i.key" jwt-es256-1.pub
  password=$(secret "sql-rm-$i")
  put "rm-$i" sql-password $NODE_USER <<<"$password"
  users+="create database if not exists mas$i;
create user if not exists 'mas-rm-$i'@'%' identified by '$password';
grant select, insert, update, delete, create, alter, drop, index on mas$i.* to 'mas-rm-$i'@'%';
"
done
password=$(secret sql-health)
users+="create user if not exists 'mas-health'@'%' identified by '$password';"
put mysql users.sql $SERVER_USER <<<"$users"
put mysql health.cnf $SERVER_USER <<<"[client]
host=127.0.0.1
user=mas-health
password=$password"
put mysql root-password $SERVER_USER <<<"$(secret sql-root)"

# Redis: nobody without a password; the Transaction Manager may do what its commands need, and nothing to the server itself.
password=$(secret redis-tm)
give tc-1 ca.crt tm.crt tm.key jwt-es256-1.key
put tc-1 redis-password $NODE_USER <<<"$password"
put redis password $SERVER_USER <<<"$password"
put redis users.acl $SERVER_USER <<<"user default off
user mas-tm on #$(printf %s "$password" | openssl dgst -sha256 -r | cut -d' ' -f1) ~mas:* &mas:* +@all -@admin -@dangerous +info"

# Signed with the coordinator's key, which only it and the authority have: Resource Managers verify tokens and can make none.
node packages/bin/dist/mas-client.js token sign --algorithm ES256 --key "$authority/jwt-es256-1.key" --expires 8760h >"$authority/operator.jwt"
give gateway ca.crt gateway.crt gateway.key
give console ca.crt console.crt console.key
give client ca.crt operator.jwt
echo "every container has its certificate, key and password"
