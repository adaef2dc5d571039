# Completion of scops for bash, made by scops config --print=bash.
_scops_commands="run check parse config status buffer version "
_scops_collectors="host tegrastats jetson nvml docker k8s dramatiq chouette "
_scops_formats="proc-stat meminfo loadavg net-dev diskstats pressure tegrastats rpi-throttled docker-list docker-stats docker-inspect docker-images kubelet-summary chouette "
_scops_options="--config= --help --json --agent.collectors= --agent.capture_interval= --agent.host= --agent.state= --agent.log_level= --agent.log_format= --agent.self_metrics= --agent.own_metrics= --agent.memory_max= --pipeline.prefix= --pipeline.tags= --pipeline.include= --pipeline.exclude= --pipeline.interval= --pipeline.series_max= --pipeline.samples_max= --pipeline.wrapper= --pipeline.histogram_aggregates= --pipeline.histogram_percentiles= --pipeline.histogram_exact= --pipeline.set_exact= --pipeline.window_memory= --buffer.type= --buffer.metric_ttl= --buffer.log_ttl= --buffer.bytes_max= --buffer.hold= --buffer.memory_max= --redis.host= --redis.port= --redis.socket= --redis.database= --redis.user= --redis.password= --redis.tls= --redis.tls_ca= --redis.tls_cert= --redis.tls_key= --redis.tls_verify= --redis.sentinels= --redis.sentinel_master= --redis.sentinel_password= --redis.connect_timeout= --redis.timeout= --redis.name= --redis.consumer= --dispatch.outputs= --dispatch.interval= --dispatch.backoff_min= --dispatch.backoff_max= --dispatch.grace= --dispatch.rate_max= --dispatch.fresh_first= --datadog.api_key= --datadog.url= --datadog.series= --datadog.logs_url= --datadog.key_in= --datadog.bulk_size= --datadog.logs_bulk_size= --datadog.bytes_max= --datadog.ca= --datadog.client_cert= --datadog.client_key= --datadog.verify= --stdout.format= --host.metrics= --host.proc= --host.sys= --host.root= --host.mounts_include= --host.mounts_exclude= --host.fs_types_include= --host.fs_types_exclude= --host.devices_include= --host.devices_exclude= --host.partitions= --host.interfaces_include= --host.interfaces_exclude= --host.sensors_include= --host.sensors_exclude= --host.statvfs_timeout= --host.interval= --tegrastats.metrics= --tegrastats.path= --tegrastats.lowercase_zones= --tegrastats.timeout= --tegrastats.interval= --jetson.metrics= --jetson.proc= --jetson.sys= --jetson.root= --jetson.zones_include= --jetson.zones_exclude= --jetson.rails_include= --jetson.rails_exclude= --jetson.serial= --jetson.rescan= --jetson.interval= --nvml.metrics= --nvml.tags= --nvml.library= --nvml.gpus_max= --nvml.interval= --docker.metrics= --docker.socket= --docker.tls= --docker.tls_ca= --docker.tls_cert= --docker.tls_key= --docker.tls_verify= --docker.tags= --docker.labels= --docker.containers_include= --docker.containers_exclude= --docker.containers_max= --docker.parallel= --docker.timeout= --docker.body_max= --docker.interval= --k8s.metrics= --k8s.host= --k8s.port= --k8s.cert_file= --k8s.key_file= --k8s.token_file= --k8s.service_account= --k8s.ca_file= --k8s.server_name= --k8s.tls_verify= --k8s.tls= --k8s.path= --k8s.timeout= --k8s.body_max= --k8s.namespaces_include= --k8s.namespaces_exclude= --k8s.pods_include= --k8s.pods_exclude= --k8s.interval= --dramatiq.namespace= --dramatiq.queues_include= --dramatiq.queues_exclude= --dramatiq.queues_max= --dramatiq.scan_count= --dramatiq.scan_budget= --dramatiq.host= --dramatiq.port= --dramatiq.socket= --dramatiq.database= --dramatiq.user= --dramatiq.password= --dramatiq.tls= --dramatiq.tls_ca= --dramatiq.tls_cert= --dramatiq.tls_key= --dramatiq.tls_verify= --dramatiq.sentinels= --dramatiq.sentinel_master= --dramatiq.sentinel_password= --dramatiq.connect_timeout= --dramatiq.timeout= --dramatiq.interval= --chouette.enabled= --chouette.prefix= --chouette.lag= --chouette.window_max= --chouette.record_max= --chouette.log_max= --http.listen= --http.insecure= "
_scops() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words
  [[ $before == = ]] && return
  if [[ $word == -* ]]; then
    words=$_scops_options
    compopt -o nospace
  else
    case $before in
      check) words=$_scops_collectors ;;
      parse) words=$_scops_formats ;;
      buffer) words="show drop" ;;
      scops) words=$_scops_commands ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _scops scops
