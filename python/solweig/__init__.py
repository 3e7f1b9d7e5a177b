"""City-scale heat-stress maps: shadows, sky view, mean radiant temperature, UTCI and PET."""
