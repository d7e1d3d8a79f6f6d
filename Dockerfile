# The image of BrainBytes. In a clone: docker build -t brainbytes:0.1.0 . (docs/kubernetes.md says how it is run)

FROM debian:12-slim AS build
WORKDIR /src
COPY packages packages
COPY scripts/packages scripts/packages
RUN scripts/packages run build && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb
COPY . .
RUN scripts/build && strip --strip-debug -o /brainbytes bin/brainbytes

# A Debian with all of today's fixes, of which scripts/image-root takes what the program calls.
# PostgreSQL's server is among it also for a database elsewhere: backups take its pg_dump, restores and drills start one.
FROM debian:12-slim AS root
WORKDIR /src
COPY packages packages
COPY scripts/packages scripts/packages
RUN scripts/packages --upgrade run image && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*.deb
COPY scripts/image-root scripts/image-root
COPY --from=build /brainbytes /brainbytes
RUN scripts/image-root /image /brainbytes

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="BrainBytes" \
      org.opencontainers.image.description="A tutor that answers from the student's own material" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=root /image /

# A folder inside the volume: of a volume's own root the program would not be the owner.
ENV PATH=/usr/local/bin:/usr/bin BRAINBYTES_DATA=/data/brainbytes BRAINBYTES_LISTEN=0.0.0.0:3000
WORKDIR /data
VOLUME ["/data"]
EXPOSE 3000
STOPSIGNAL SIGTERM
USER 10001:10001
# No HEALTHCHECK: nothing in here speaks http but the server. Whoever runs it asks /livez and /readyz.
ENTRYPOINT ["/usr/local/bin/brainbytes"]
CMD ["serve"]
