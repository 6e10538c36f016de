# Indonesian: a code, and a reminder a day later.
story: campaign, in Indonesian
workspace: ../workspace.json

2026-03-21 10:00  putri_a comments on v43: pre order
                  fired launch-id
                  public: Kode launching sudah di DM kak ✨
                  bot: Kode kak putri_a adalah GLOW15, diskon 15% sampai minggu ini.
                  card: p_glow_serum: Klik di sini untuk pesan ya kak.
      +24h        clock
                  bot: Kode GLOW15 hampir habis waktunya kak.
                  state: waiting
