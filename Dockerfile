# One image for every part of the system; the command chooses which. Built in two steps so that the running image holds
# no compiler and no test.
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json ./
COPY packages packages
COPY proto proto
RUN npm ci --no-audit --no-fund && node packages/tooling/run.mjs build && npm prune --omit=dev --no-audit --no-fund

FROM node:20-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build --chown=root:root /app /app
COPY certs/make-certs.sh certs/make-certs.sh
# The parts write below /data only; certificates come from a volume that the init step fills.
RUN mkdir -p /data /certs && chown node:node /data /certs
USER node
ENV MAS_CERTS=/certs MAS_DATA=/data
ENTRYPOINT ["node", "packages/bin/dist/mas.js"]
CMD ["--help"]
