# One image for everything Kvorum runs. BASE needs Node.js 26 as `node` and its `npm` on the PATH.
ARG BASE=docker.io/library/node:26-bookworm-slim

# What runs needs. Not `npm ci`: it refuses a lock file that leaves out what other platforms would install.
# A registry of your own, with its credentials: --secret id=npmrc,src=$HOME/.npmrc; its authority: --secret id=ca,src=FILE
FROM ${BASE} AS production
WORKDIR /kvorum
COPY package.json package-lock.json ./
RUN --mount=type=secret,id=npmrc --mount=type=secret,id=ca \
    npm install --omit=dev --omit=optional --no-save --ignore-scripts --no-audit --no-fund --no-update-notifier \
    --prefer-offline --cache=/var/cache/npm --userconfig=/run/secrets/npmrc && \
    find node_modules -path '*/@types' -prune -o \
    -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' \) -exec rm {} + && \
    rm -rf /var/cache/npm/*

FROM production AS build
RUN --mount=type=secret,id=npmrc --mount=type=secret,id=ca \
    npm install --omit=optional --no-save --ignore-scripts --no-audit --no-fund --no-update-notifier \
    --prefer-offline --cache=/var/cache/npm --userconfig=/run/secrets/npmrc
COPY tsconfig.json tsconfig.build.json ./
COPY tools/build.ts tools/launcher.ts tools/repository-root.ts tools/
COPY server server
COPY operator operator
RUN node tools/build.ts --no-check --no-packages

FROM production
ENV PATH=/kvorum/dist/bin:$PATH
USER 65532:65532
EXPOSE 2379 2380
COPY --from=build /kvorum/dist dist
ENTRYPOINT ["/kvorum/dist/bin/etcd"]
