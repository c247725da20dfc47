#!/bin/sh
# Writes the metadata of the checked queries to .sqlx:
# cargo run -p devstack -- with-postgres -- crates/storage/prepare-queries.sh
set -eu
cd "$(dirname "$0")/../.."
: "${WAYBILL_TEST_POSTGRES:?run it below \`cargo run -p devstack -- with-postgres\`}"
database="prepare_$$"
psql --quiet --no-psqlrc --command "CREATE DATABASE $database" "$WAYBILL_TEST_POSTGRES"
url="${WAYBILL_TEST_POSTGRES%/*}/$database"
for migration in migrations/*.sql; do
    psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --file "$migration" "$url"
done
rm -rf .sqlx && mkdir .sqlx
touch crates/storage/src/lib.rs
SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$PWD/.sqlx" DATABASE_URL="$url" cargo check --package storage --lib
psql --quiet --no-psqlrc --command "DROP DATABASE $database" "$WAYBILL_TEST_POSTGRES"
