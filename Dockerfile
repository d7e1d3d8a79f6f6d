# The image of BrainBytes. In a clone: docker build -t brainbytes:0.1.0 . (docs/kubernetes.md says how it is run)

FROM debian:12-slim AS build
WORKDIR /src
COPY packages packages
COPY scripts/packages scripts/packages
RUN scripts/packages run build && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb
COPY . .
RUN scripts/build && strip --strip-debug -o /brainbytes bin/brainbytes

FROM debian:12-slim
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="BrainBytes" \
      org.opencontainers.image.description="A tutor that answers from the student's own material" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# PostgreSQL's server is among them also for a database elsewhere: backups take its pg_dump, restores and drills start one.
COPY packages/run.txt /setup/packages/run.txt
COPY scripts/packages /setup/scripts/packages
RUN /setup/scripts/packages run \
    && rm -rf /setup /var/lib/apt/lists/* /var/cache/apt/archives/*.deb /var/cache/debconf/* /var/log/* \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
    && groupadd --gid 10001 brainbytes \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin brainbytes \
    && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=build /brainbytes /usr/local/bin/brainbytes

# A folder inside the volume: of a volume's own root the program would not be the owner.
ENV BRAINBYTES_DATA=/data/brainbytes BRAINBYTES_LISTEN=0.0.0.0:3000
WORKDIR /data
VOLUME ["/data"]
EXPOSE 3000
STOPSIGNAL SIGTERM
USER 10001:10001
# No HEALTHCHECK: nothing in here speaks http but the server. Whoever runs it asks /livez and /readyz.
ENTRYPOINT ["/usr/local/bin/brainbytes"]
CMD ["serve"]
