# One image for everything Kvorum runs. BASE needs Node.js 26 as `node` and its `npm` on the PATH.
ARG BASE=docker.io/library/node:26-bookworm-slim

# What runs needs. Not `npm ci`: it refuses a lock file that leaves out what other platforms would install.
# A registry of your own, with its credentials: --secret id=npmrc,src=$HOME/.npmrc; its authority: --secret id=ca,src=FILE
FROM ${BASE} AS production
WORKDIR /kvorum
COPY package.json package-lock.json ./
ENV npm_config_cache=/var/cache/npm npm_config_userconfig=/run/secrets/npmrc npm_config_update_notifier=false
RUN --mount=type=secret,id=npmrc --mount=type=secret,id=ca \
    npm install --no-save --omit=dev --omit=optional --ignore-scripts --prefer-offline --no-audit --no-fund && \
    find node_modules -path '*/@types' -prune -o -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' \) -exec rm {} +

FROM production AS build
RUN --mount=type=secret,id=npmrc --mount=type=secret,id=ca \
    npm install --no-save --omit=optional --ignore-scripts --prefer-offline --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY tools/build.ts tools/launcher.ts tools/repository-root.ts tools/
COPY server server
COPY operator operator
RUN node tools/build.ts --no-check

FROM ${BASE}
ENV PATH=/kvorum/dist/bin:$PATH
USER 65532:65532
EXPOSE 2379 2380
WORKDIR /kvorum
COPY package.json ./
COPY --from=production /kvorum/node_modules node_modules
COPY --from=build /kvorum/dist dist
ENTRYPOINT ["/kvorum/dist/bin/etcd"]
