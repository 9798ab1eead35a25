/** A private service on Cloud Run as small as they come: 512 MiB, one core, none to ten instances, 80 requests at once. */
export const PANELIN = `
name: panelin
images:
  app: us-central1-docker.pkg.dev/panelin/agents/panelin@sha256:${"a1".repeat(32)}
  postgres: us-central1-docker.pkg.dev/panelin/mirror/postgres@sha256:${"b2".repeat(32)}
services:
  agent:
    roles: [router, memory, agents, worker]
    cpu: 1
    memory: 512Mi
    scale: { min: 0, max: 10 }
    concurrency: 80
    access: { kind: private }
data:
  postgres: { poolSize: 5, backups: { bucket: panelin-backups } }
  redis: {}
secrets:
  API_KEY: gcp-sm://projects/panelin/secrets/api/versions/2#key
  GEMINI_API_KEY: gcp-sm://projects/123456789012/secrets/gemini-api-key/versions/latest
  SPLUNK_HEC_TOKEN: gcp-sm://projects/shared/secrets/splunk/versions/3
  ENCRYPTION_KEY: gcp-sm://projects/panelin/secrets/encryption-key/versions/1
  DATABASE_URL: gcp-sm://projects/panelin/secrets/database-url/versions/1
  MIGRATION_DATABASE_URL: gcp-sm://projects/panelin/secrets/migration-database-url/versions/1
  BACKUP_DATABASE_URL: gcp-sm://projects/panelin/secrets/backup-database-url/versions/1
  REDIS_URL: gcp-sm://projects/panelin/secrets/redis-url/versions/1
environments:
  production:
    target: cloud-run
    project: panelin
    regions: [us-central1]
    cloudRun: { invokers: [group:desk@panelin.example], notify: [desk@panelin.example] }
    budget: { monthly: 200 }
`;
