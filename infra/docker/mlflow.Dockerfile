# The MLflow server, with the drivers for its database and for S3.
ARG PYTHON_IMAGE=docker.io/library/python:3.11.14-slim-bookworm
FROM ${PYTHON_IMAGE}
RUN pip install --no-cache-dir "mlflow==3.17.2" "psycopg2-binary==2.9.11" "boto3>=1.43,<2" \
 && useradd --uid 10001 --no-create-home --home-dir /tmp mlflow
ENV HOME=/tmp PYTHONUNBUFFERED=1
COPY infra/docker/check_health.py /check_health.py
USER 10001:10001
EXPOSE 5000
CMD ["mlflow", "server", "--host", "0.0.0.0", "--port", "5000"]
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=5 \
  CMD ["python", "/check_health.py", "http://127.0.0.1:5000/health"]
