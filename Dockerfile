# One image for every part of the system; the command chooses which. Built in two steps so that the running image holds
# no compiler and no test.
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json ./
COPY packages packages
COPY proto proto
# What the build has made nothing of is not needed to run; of the rest only what was built is.
RUN node packages/tooling/run.mjs build packages/bin \
  && for package in packages/*; do [ -d "$package/dist" ] || rm -rf "$package"; done \
  && find packages -mindepth 2 -maxdepth 2 ! -name dist ! -name package.json ! -name node_modules -exec rm -rf {} + \
  && npm prune --omit=dev --no-audit --no-fund \
  && rm -rf proto tsconfig.json

FROM node:20-bookworm-slim
# For the scripts in certs/; the slim image has none.
RUN command -v openssl >/dev/null || { apt-get update && apt-get install -y --no-install-recommends openssl && rm -rf /var/lib/apt/lists/*; }
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app /app
COPY certs/make-certs.sh certs/provision.sh certs/
# The parts write below /data only; certificates come from volumes that the init step fills. A new volume takes the owner and
# the mode of the folder that it is mounted on.
RUN mkdir -p -m 700 /data /certs && chown node:node /data /certs
USER node
ENV MAS_CERTS=/certs MAS_DATA=/data
# The flag is explained in Procfile1.
ENTRYPOINT ["node", "--max-semi-space-size=32", "packages/bin/dist/mas.js"]
CMD ["--help"]
