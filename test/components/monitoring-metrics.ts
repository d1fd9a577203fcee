/**
 * Names of metrics that dashboards and alerts may use, by who exposes them. Each was looked up in what that program's
 * own source or documentation says; a name that is not here is a mistake until somebody has looked it up as well.
 */
export const metrics: Readonly<Record<string, readonly string[]>> = {
  // node_exporter, collector/: the collectors that are on by default.
  'node-exporter': [
    'node_boot_time_seconds',
    'node_cpu_seconds_total',
    'node_disk_io_time_seconds_total',
    'node_filesystem_avail_bytes',
    'node_filesystem_size_bytes',
    'node_load5',
    'node_memory_MemAvailable_bytes',
    'node_memory_MemTotal_bytes',
    'node_network_receive_bytes_total',
    'node_network_transmit_bytes_total',
    'node_pressure_cpu_waiting_seconds_total',
    'node_pressure_io_waiting_seconds_total',
    'node_pressure_memory_waiting_seconds_total',
    'node_uname_info',
    'node_vmstat_oom_kill',
  ],
  // kube-state-metrics, docs/metrics/.
  'kube-state-metrics': [
    'kube_node_status_allocatable',
    'kube_node_status_condition',
    'kube_pod_container_resource_requests',
    'kube_pod_info',
    'kube_pod_status_phase',
    'kube_volumeattachment_info',
  ],
  // The kubelet and the cAdvisor in it, as the chart's own dashboards have them.
  kubelet: [
    'container_memory_working_set_bytes',
    'kubelet_volume_stats_capacity_bytes',
    'kubelet_volume_stats_used_bytes',
  ],
  // traefik v3, pkg/observability/metrics/prometheus.go.
  traefik: [
    'traefik_config_last_reload_success',
    'traefik_config_reloads_total',
    'traefik_entrypoint_request_duration_seconds_bucket',
    'traefik_entrypoint_requests_bytes_total',
    'traefik_entrypoint_requests_total',
    'traefik_entrypoint_responses_bytes_total',
    'traefik_open_connections',
    'traefik_service_request_duration_seconds_bucket',
    'traefik_service_requests_total',
    'traefik_service_retries_total',
    'traefik_tls_certs_not_after',
  ],
  // cert-manager 1.21, pkg/metrics and internal/collectors.
  'cert-manager': [
    'certmanager_certificate_expiration_timestamp_seconds',
    'certmanager_certificate_ready_status',
    'certmanager_certificate_renewal_timestamp_seconds',
    'certmanager_controller_sync_error_count',
    'certmanager_http_acme_client_request_count',
  ],
  // CloudNativePG, docs/src/monitoring.md, and the default queries of its chart: cnpg_<query>_<column>.
  'cloudnative-pg': [
    'cnpg_backends_max_tx_duration_seconds',
    'cnpg_backends_total',
    'cnpg_backends_waiting_total',
    'cnpg_collector_pg_wal',
    'cnpg_collector_pg_wal_archive_status',
    'cnpg_collector_up',
    'cnpg_pg_database_size_bytes',
    'cnpg_pg_database_xid_age',
    'cnpg_pg_replication_in_recovery',
    'cnpg_pg_replication_lag',
    'cnpg_pg_replication_slots_pg_wal_lsn_diff',
    'cnpg_pg_replication_streaming_replicas',
    'cnpg_pg_settings_setting',
    'cnpg_pg_stat_archiver_archived_count',
    'cnpg_pg_stat_archiver_failed_count',
    'cnpg_pg_stat_archiver_last_archived_time',
    'cnpg_pg_stat_archiver_last_failed_time',
    'cnpg_pg_stat_database_blks_hit',
    'cnpg_pg_stat_database_blks_read',
    'cnpg_pg_stat_database_conflicts',
    'cnpg_pg_stat_database_deadlocks',
    'cnpg_pg_stat_database_xact_commit',
    'cnpg_pg_stat_database_xact_rollback',
    'cnpg_pg_stat_replication_replay_diff_bytes',
  ],
  // plugin-barman-cloud, through the exporter of each instance.
  'barman-cloud': [
    'barman_cloud_cloudnative_pg_io_first_recoverability_point',
    'barman_cloud_cloudnative_pg_io_last_available_backup_timestamp',
    'barman_cloud_cloudnative_pg_io_last_failed_backup_timestamp',
  ],
  // Grafana Alloy, loki.write.
  alloy: ['loki_write_dropped_entries_total', 'loki_write_sent_entries_total'],
  // Loki, as in the dashboards and alerts of its chart.
  loki: [
    'loki_boltdb_shipper_compact_tables_operation_last_successful_run_timestamp_seconds',
    'loki_request_duration_seconds_count',
  ],
  // prometheus-nats-exporter with -prefix=nats, as in the dashboards of its walkthrough.
  nats: [
    'nats_consumer_num_ack_pending',
    'nats_consumer_num_pending',
    'nats_stream_total_bytes',
    'nats_varz_connections',
    'nats_varz_in_bytes',
    'nats_varz_in_msgs',
    'nats_varz_jetstream_config_max_storage',
    'nats_varz_jetstream_stats_storage',
    'nats_varz_mem',
    'nats_varz_out_bytes',
    'nats_varz_out_msgs',
    'nats_varz_slow_consumers',
  ],
};
