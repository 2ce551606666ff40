FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

WORKDIR /srv/wellwing
COPY requirements.txt ./
RUN pip install --require-hashes -r requirements.txt

COPY pyproject.toml README.md LICENSE alembic.ini ./
COPY alembic ./alembic
COPY app ./app
RUN pip install --no-deps --no-build-isolation -e . \
    && python -m compileall -q app \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin wellwing \
    && install -d -o wellwing -m 0700 /srv/exports

USER wellwing
ENV WELLWING_LISTEN=0.0.0.0 WELLWING_PORT=8000 WELLWING_VAR_DIR=/tmp/wellwing WELLWING_EXPORT_DIR=/srv/exports
EXPOSE 8000
ENTRYPOINT ["wellwing"]
CMD ["serve"]
