# Indonesian: a product by skin type.
story: skin, in Indonesian
workspace: ../workspace.json

2026-03-21 10:00  putri_a comments on v46: kulit kering bisa
                  fired skin-id
                  public: Cek DM ya kak
                  bot: Jenis kulit kakak apa? [Berminyak] [Kering] [Sensitif] [Chat admin]
      +1m         putri_a taps [Berminyak]
                  card: p_yuzu_toner/yuzu-toner-150: Klik di sini untuk pesan ya kak.
                  bot: Coba dulu di lengan selama 24 jam sebelum ke wajah ya kak.
                  state: waiting

      +1h         dewi comments on v46: kulit kering bisa
                  fired skin-id
                  public: Sudah kami DM ya kak 💕
                  bot: Jenis kulit kakak apa? [Berminyak] [Kering] [Sensitif] [Chat admin]
      +1m         dewi taps [Kering]
                  card: p_rice_cream/rice-cream-50: Klik di sini untuk pesan ya kak.
                  bot: Coba dulu di lengan selama 24 jam sebelum ke wajah ya kak.
                  state: waiting

      +1h         sari99 comments on v46: kulit kering bisa
                  fired skin-id
                  public: Sudah dibalas di pesan ya kak
                  bot: Jenis kulit kakak apa? [Berminyak] [Kering] [Sensitif] [Chat admin]
      +1m         sari99 taps [Sensitif]
                  card: p_centella_serum/centella-serum-30: Klik di sini untuk pesan ya kak.
                  bot: Coba dulu di lengan selama 24 jam sebelum ke wajah ya kak.
                  state: waiting

      +1h         rina comments on v46: kulit kering bisa
                  fired skin-id
                  public: Detailnya sudah kami kirim kak
                  bot: Jenis kulit kakak apa? [Berminyak] [Kering] [Sensitif] [Chat admin]
      +1m         rina taps [Chat admin]
                  inbox: handoff (asks about their skin)
                  state: human (handoff)
      +5m         putri@glow.example hands back rina
                  state: waiting

      +1h         ayu comments on v46: kulit kering bisa
                  fired skin-id
                  public: Cek DM ya kak
                  bot: Jenis kulit kakak apa? [Berminyak] [Kering] [Sensitif] [Chat admin]
      +1m         ayu: mau tanya dulu
                  inbox: handoff (asks about their skin)
                  state: human (handoff)
      +5m         putri@glow.example hands back ayu
                  state: waiting
