# One image for every service and every one-shot: the arguments say which module runs.
#
#   docker build --tag shufa .
#   docker run shufa services.review.main          docker run shufa shared.runtime.migrate
#
# The base is an argument: any image with Python 3.11 or newer, its venv and pip under the name python3.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
# An index that needs a certificate or a proxy is told by the builder's own pip configuration, never by this file.
COPY requirements-image.lock /build/
RUN python3 -m venv --without-pip /opt/shufa \
 && python3 -m pip --python /opt/shufa/bin/python3 install --no-cache-dir --disable-pip-version-check \
      --require-hashes --only-binary :all: --requirement /build/requirements-image.lock
COPY shared /srv/shufa/shared
COPY services /srv/shufa/services
COPY deploy /srv/shufa/deploy
# Compiled here, because nothing can be written where it runs.
RUN /opt/shufa/bin/python3 -m compileall -q -j 0 /srv/shufa

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="shufa" \
      org.opencontainers.image.description="专题述法: what was said, what was asked, what was done, as an event ledger" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# What installs packages has no business where they run. The folder is there so that a new volume belongs to the user.
RUN rm -rf /usr/local/bin/pip* /usr/local/bin/wheel /usr/local/lib/python3*/ensurepip \
      /usr/local/lib/python3*/site-packages/pip /usr/local/lib/python3*/site-packages/pip-* \
      /usr/local/lib/python3*/site-packages/setuptools* /usr/local/lib/python3*/site-packages/pkg_resources \
      /usr/local/lib/python3*/site-packages/wheel* \
 && install -d -o 10001 -g 10001 -m 0750 /var/lib/shufa /var/lib/shufa/roots
COPY --from=build /opt/shufa /opt/shufa
COPY --from=build /srv/shufa /srv/shufa
ENV PATH=/opt/shufa/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONPATH=/srv/shufa \
    SHUFA_HOST=0.0.0.0 \
    SHUFA_PORT=8000 \
    SHUFA_ROOTS=/var/lib/shufa/roots
WORKDIR /srv/shufa
USER 10001:10001
EXPOSE 8000
# Alive, not ready: who is told of it may start a container anew, and that mends no database (docs/operations/install.md).
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 \
  CMD ["python3", "-m", "deploy.image.probe", "/livez"]
ENTRYPOINT ["python3", "-m"]
CMD ["deploy.image.probe", "/readyz"]
