# syntax=docker/dockerfile:1

# The image runs without rights and without a writable file system; only /out is written, which is a volume:
#
#   docker run --rm --read-only --cap-drop ALL -e BATON_WORKATO_API_KEY -v "$PWD:/out" --user "$(id -u)" baton-workato
#
# leaves sync.c1z in the current directory.

FROM rust:1-slim-trixie AS builder
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY proto proto
COPY src src
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin baton-workato \
    && cp target/release/baton-workato /baton-workato \
    && mkdir /out

FROM debian:trixie-slim
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=builder /baton-workato /usr/bin/baton-workato
COPY --from=builder --chown=65532:65532 /out /out
USER 65532:65532
VOLUME /out
WORKDIR /out
ENTRYPOINT ["/usr/bin/baton-workato"]
