#include "control/backup/backup_tables.h"

#include <array>

namespace millrace {

std::span<const BackupTable> BackupTables() {
  static constexpr std::array kTables = {
      BackupTable{"setting", "name"},
      BackupTable{"counter", "name"},
      BackupTable{"workspace", "id"},
      BackupTable{"person", "id"},
      BackupTable{"application", "id"},
      BackupTable{"definition", "id"},
      BackupTable{"manifest_version", "definition_id, version"},
      BackupTable{"builder_project", "id"},
      BackupTable{"actor", "id"},
      BackupTable{"resource_requirement", "owner_id"},
      BackupTable{"discovered_catalog", "id"},
      BackupTable{"connection", "id"},
      BackupTable{"connection_state", "connection_id"},
      BackupTable{"stream_generation", "connection_id, namespace, name"},
      BackupTable{"tag", "id"},
      BackupTable{"connection_tag", "connection_id, tag_id"},
      BackupTable{"job", "id"},
      BackupTable{"attempt", "job_id, number"},
      BackupTable{"stream_status", "job_id, attempt_number, namespace, name"},
      BackupTable{"connection_event", "id"},
  };
  return kTables;
}

}  // namespace millrace
