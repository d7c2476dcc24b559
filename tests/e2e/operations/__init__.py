"""Operations on a running system: dead letters, promotions, kills, metrics, traces."""
