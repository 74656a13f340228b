# One image for every part of the system; the command chooses which. It holds what `npm run package` packs, and the embedded database that npm
# installs beside it: no source, no test, no compiler.
#
# NODE_IMAGE: Debian with Node 20 or newer and npm; openssl is added where it has none.
ARG NODE_IMAGE=node:24-bookworm-slim
FROM ${NODE_IMAGE} AS package
WORKDIR /src
COPY package.json package-lock.json tsconfig.json LICENSE CHANGELOG.md README.md ./
COPY packages packages
COPY proto proto
COPY certs certs
RUN node packages/tooling/run.mjs package --only programs --destination /out \
  && mkdir /app && tar -xzf /out/mini-account-system-*.tgz -C /app --strip-components=1 \
  && npm install --prefix /app --omit=dev --no-audit --no-fund

FROM ${NODE_IMAGE}
# For the scripts in certs/; the slim image has none.
RUN command -v openssl >/dev/null || { apt-get update && apt-get install -y --no-install-recommends openssl && rm -rf /var/lib/apt/lists/*; }
ENV NODE_ENV=production
WORKDIR /app
COPY --from=package /app /app
# The parts write below /data only; certificates come from volumes that the init step fills. A new volume takes the owner and
# the mode of the folder that it is mounted on.
RUN mkdir -p -m 700 /data /certs && chown node:node /data /certs
USER node
ENV MAS_CERTS=/certs MAS_DATA=/data
# The flag is explained in Procfile1.
ENTRYPOINT ["node", "--max-semi-space-size=32", "packages/bin/dist/mas.js"]
CMD ["--help"]
